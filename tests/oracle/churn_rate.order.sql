-- Of those who ordered in the 90 days before the start, the percentage who did not in the 90 days before the end. A refund is not an order.
WITH
bought AS (SELECT customer_no, ordered_day FROM "order" WHERE transaction_type <> 'refund' AND customer_no IS NOT NULL),
at_start AS (SELECT DISTINCT customer_no FROM bought WHERE ordered_day >= $start - 90 AND ordered_day < $start),
at_end AS (SELECT DISTINCT customer_no FROM bought WHERE ordered_day >= $end - 90 AND ordered_day < $end)
SELECT 100.0 * count(*) FILTER (customer_no NOT IN (FROM at_end)) / nullif(count(*), 0) FROM at_start
