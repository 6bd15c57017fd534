-- 100 × visits with a goal event (Order Completed) / visits.
SELECT 100.0 * count(*) FILTER (converted) / nullif(count(*), 0) FROM session WHERE started_day >= $start AND started_day < $end
