-- 100 × visits with exactly one page view / visits with a page view.
SELECT 100.0 * count(*) FILTER (page_views = 1) / nullif(count(*), 0)
FROM session WHERE page_views >= 1 AND started_day >= $start AND started_day < $end
