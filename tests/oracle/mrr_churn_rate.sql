-- 100 × recurring revenue lost in the period (a day on which a customer's recurring revenue fell, by end or downgrade) / recurring revenue at the start.
WITH
change AS (
    SELECT customer_no, started_day AS day, mrr AS amount FROM subscription
    UNION ALL SELECT customer_no, ended_day, -mrr FROM subscription WHERE ended_day IS NOT NULL),
net AS (SELECT sum(amount) AS amount FROM change WHERE day >= $start AND day < $end GROUP BY customer_no, day)
SELECT 100.0 * coalesce((SELECT sum(-amount) FROM net WHERE amount < 0), 0)::DOUBLE / nullif(sum(mrr), 0)::DOUBLE
FROM subscription WHERE started_day < $start AND (ended_day IS NULL OR ended_day >= $start)
