-- Of those active (any event, or an order) in the 90 days before the start, the percentage who were not in the 90 days before the end.
WITH
active AS (
    SELECT customer_no, occurred_day AS day FROM event WHERE customer_no IS NOT NULL
    UNION SELECT customer_no, ordered_day FROM "order" WHERE transaction_type <> 'refund' AND customer_no IS NOT NULL),
at_start AS (SELECT DISTINCT customer_no FROM active WHERE day >= $start - 90 AND day < $start),
at_end AS (SELECT DISTINCT customer_no FROM active WHERE day >= $end - 90 AND day < $end)
SELECT 100.0 * count(*) FILTER (customer_no NOT IN (FROM at_end)) / nullif(count(*), 0) FROM at_start
