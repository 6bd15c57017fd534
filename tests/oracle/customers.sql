-- People who are subscribers at the period's end or ordered in the 90 days before it.
SELECT count(DISTINCT customer_no) FROM (
    SELECT customer_no FROM subscription WHERE started_day < $end AND (ended_day IS NULL OR ended_day >= $end)
    UNION ALL SELECT customer_no FROM "order" WHERE transaction_type <> 'refund' AND ordered_day >= $end - 90 AND ordered_day < $end)
