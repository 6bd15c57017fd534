-- Revenue of known customers, net of refunds / customers who ordered.
SELECT sum(value - coalesce(refunded, 0))::DOUBLE / nullif(count(DISTINCT customer_no) FILTER (transaction_type <> 'refund'), 0)
FROM "order" WHERE customer_no IS NOT NULL AND ordered_day >= $start AND ordered_day < $end
