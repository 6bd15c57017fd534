-- The share of orders of each transaction type.
SELECT transaction_type, 100.0 * count(*) / sum(count(*)) OVER ()
FROM "order" WHERE transaction_type <> 'refund' AND ordered_day >= $start AND ordered_day < $end GROUP BY transaction_type
