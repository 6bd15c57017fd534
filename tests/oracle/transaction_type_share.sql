-- The share of revenue, net of what was paid back on the orders, of each transaction type; refund rows are no transaction of their own.
SELECT transaction_type, 100 * sum(value - coalesce(refunded, 0))::DOUBLE / sum(sum(value - coalesce(refunded, 0))) OVER ()
FROM "order" WHERE transaction_type <> 'refund' AND ordered_day >= $start AND ordered_day < $end GROUP BY transaction_type
