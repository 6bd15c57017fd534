-- An order's number in its customer's life, and the calendar days since the one before. Refunds are not orders.
-- {row} and {orders} let the loader number rows on their way in; see `ahead` in derive.py.
SELECT {row},
    CASE WHEN customer_no IS NOT NULL AND NOT (transaction_type = 'refund' OR value < 0)
        THEN row_number() OVER life END AS order_number,
    CASE WHEN customer_no IS NOT NULL AND NOT (transaction_type = 'refund' OR value < 0)
        THEN ordered_day - lag(ordered_day) OVER life END AS days_since_previous
FROM {orders}
WHERE {scope}
WINDOW life AS (
    PARTITION BY customer_no, transaction_type = 'refund' OR value < 0
    ORDER BY ordered_at, row_key)
