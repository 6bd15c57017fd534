-- The same as stickiness.
WITH active AS (
    SELECT customer_no, occurred_day AS day FROM event WHERE customer_no IS NOT NULL
    UNION SELECT customer_no, ordered_day FROM "order" WHERE transaction_type <> 'refund' AND customer_no IS NOT NULL)
SELECT 100.0 * count(*) / ($end - $start) / nullif(count(DISTINCT customer_no), 0) FROM active WHERE day >= $start AND day < $end
