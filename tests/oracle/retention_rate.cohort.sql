-- 100 × subscribers at the start who still are at the end / subscribers at the start.
WITH
at_start AS (SELECT DISTINCT customer_no FROM subscription WHERE started_day < $start AND (ended_day IS NULL OR ended_day >= $start)),
at_end AS (SELECT DISTINCT customer_no FROM subscription WHERE started_day < $end AND (ended_day IS NULL OR ended_day >= $end))
SELECT 100.0 * count(*) FILTER (customer_no IN (FROM at_end)) / nullif(count(*), 0) FROM at_start
