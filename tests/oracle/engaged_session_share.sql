-- 100 × visits that are not a bounce by GA4's reading / visits.
SELECT 100.0 * count(*) FILTER (NOT (duration_seconds < 10 AND page_views = 1 AND NOT converted)) / nullif(count(*), 0)
FROM session WHERE started_day >= $start AND started_day < $end
