-- 100 × visitors of the period who had visited before it / visitors of the period.
WITH
now AS (SELECT DISTINCT customer_no FROM session WHERE started_day >= $start AND started_day < $end AND customer_no IS NOT NULL),
before AS (SELECT DISTINCT customer_no FROM session WHERE started_day < $start)
SELECT 100.0 * count(*) FILTER (customer_no IN (FROM before)) / nullif(count(*), 0) FROM now
