-- 100 × visits under 10 s, with one page view and no conversion / visits.
SELECT 100.0 * count(*) FILTER (duration_seconds < 10 AND page_views = 1 AND NOT converted) / nullif(count(*), 0)
FROM session WHERE started_day >= $start AND started_day < $end
