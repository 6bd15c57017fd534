-- Orders of known customers / customers who ordered.
SELECT count(customer_no) / nullif(count(DISTINCT customer_no), 0)
FROM "order" WHERE transaction_type <> 'refund' AND ordered_day >= $start AND ordered_day < $end
