-- Orders placed; a refund row is not an order. Zero within the span of days the orders cover, no value outside it.
SELECT count(*) FILTER (transaction_type <> 'refund' AND ordered_day >= $start AND ordered_day < $end)
FROM "order" HAVING min(ordered_day) < $end AND max(ordered_day) >= $start
