-- Visits begun in the period: the client's own, else events of one person and platform without a pause of 30 minutes; midnight does not end one.
WITH
marked AS (
    SELECT *, coalesce(occurred_at - lag(occurred_at) OVER (PARTITION BY customer_no, platform ORDER BY occurred_at) >= INTERVAL 30 MINUTE, TRUE) AS begins
    FROM event WHERE session_id IS NULL AND customer_no IS NOT NULL),
visit AS (
    SELECT occurred_day AS day FROM marked WHERE begins
    UNION ALL SELECT min(occurred_day) FROM event WHERE session_id IS NOT NULL GROUP BY customer_no, session_id)
SELECT count(*) FILTER (day >= $start AND day < $end) FROM visit HAVING min(day) < $end AND max(day) >= $start
