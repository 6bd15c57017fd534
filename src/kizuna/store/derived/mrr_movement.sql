-- Net change of a customer's recurring revenue, day by day. A plan that ends on the day another starts is one change.
WITH
steps AS (
    SELECT customer_no, customer_id, plan, started_day AS day, mrr AS amount, 0 AS ending, subscription_id
    FROM subscription
    WHERE customer_no IS NOT NULL AND {scope} AND (ended_day IS NULL OR ended_day > started_day)
    UNION ALL
    SELECT customer_no, customer_id, plan, ended_day, -mrr, 1, subscription_id
    FROM subscription
    WHERE customer_no IS NOT NULL AND {scope} AND ended_day > started_day
),
days AS (
    SELECT customer_no, day, sum(amount) AS amount, min(customer_id) AS customer_id,
        arg_max(plan, (ending, abs(amount), subscription_id)) AS plan
    FROM steps
    GROUP BY customer_no, day
),
running AS (
    SELECT *, sum(amount) OVER upto AS after
    FROM days
    WHERE amount IS NOT NULL
    WINDOW upto AS (PARTITION BY customer_no ORDER BY day)
),
known AS (
    SELECT *, after - amount AS before, coalesce(max(after) OVER earlier, 0) > 0 AS had
    FROM running
    WINDOW earlier AS (PARTITION BY customer_no ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT day, customer_id, plan, amount::DECIMAL(18, 4) AS amount,
    CASE
        WHEN after <= 0 THEN 'cancellation'
        WHEN before <= 0 AND had THEN 'reactivation'
        WHEN before <= 0 THEN 'new'
        WHEN amount > 0 THEN 'expansion'
        ELSE 'contraction'
    END AS movement,
    customer_no,
    customer_no || '/' || day AS row_key
FROM known
WHERE amount <> 0
