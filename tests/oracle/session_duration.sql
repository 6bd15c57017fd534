-- Mean seconds from the first event to the end of a visit: the last event, or the end of the time in use on the last page if that is later.
WITH
marked AS (
    SELECT *, coalesce(occurred_at - lag(occurred_at) OVER (PARTITION BY customer_no, platform ORDER BY occurred_at) >= INTERVAL 30 MINUTE, TRUE) AS begins
    FROM event WHERE session_id IS NULL AND customer_no IS NOT NULL),
told AS (
    SELECT customer_no, platform, occurred_at, occurred_day, engaged_seconds,
        sum(begins::INT) OVER (PARTITION BY customer_no, platform ORDER BY occurred_at)::VARCHAR AS visit FROM marked
    UNION ALL SELECT customer_no, platform, occurred_at, occurred_day, engaged_seconds, session_id FROM event WHERE session_id IS NOT NULL),
visit AS (
    SELECT min(occurred_day) AS day, max(epoch(occurred_at) + coalesce(engaged_seconds, 0)) - min(epoch(occurred_at)) AS seconds
    FROM told GROUP BY customer_no, platform, visit)
SELECT avg(seconds) FROM visit WHERE day >= $start AND day < $end
