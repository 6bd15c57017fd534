-- An order's number in its customer's life, and the days since the one before by the clock on the wall, so
-- that orders known by their day are whole days apart when the clocks change. Refunds are not orders.
-- The loader numbers rows on their way in by the same text, see `ahead` in derive.py.
SELECT {row},
    CASE WHEN customer_no IS NOT NULL AND NOT refund THEN row_number() OVER life END AS order_number,
    CASE WHEN customer_no IS NOT NULL AND NOT refund THEN (wall - lag(wall) OVER life) / 86400 END AS days_since_previous
FROM (
    SELECT place, customer_no, ordered_at, row_key, epoch({ordered}) AS wall,
        transaction_type = 'refund' OR value < 0 AS refund
    FROM {orders}
    WHERE {scope})
WINDOW life AS (PARTITION BY customer_no, refund ORDER BY ordered_at, row_key)
