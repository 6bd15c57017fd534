-- Revenue net of refunds / orders.
SELECT sum(value - coalesce(refunded, 0))::DOUBLE / nullif(count(*) FILTER (transaction_type <> 'refund'), 0)
FROM "order" WHERE ordered_day >= $start AND ordered_day < $end
