-- 100 × (E − A) / S: subscribers at the end less people who began one in the period and had none at its start, by subscribers at the start.
WITH
at_start AS (SELECT DISTINCT customer_no FROM subscription WHERE started_day < $start AND (ended_day IS NULL OR ended_day >= $start)),
at_end AS (SELECT DISTINCT customer_no FROM subscription WHERE started_day < $end AND (ended_day IS NULL OR ended_day >= $end)),
won AS (SELECT DISTINCT customer_no FROM subscription WHERE started_day >= $start AND started_day < $end AND customer_no NOT IN (FROM at_start))
SELECT 100.0 * ((SELECT count(*) FROM at_end) - (SELECT count(*) FROM won)) / nullif(s.n, 0) FROM (SELECT count(*) AS n FROM at_start) s
