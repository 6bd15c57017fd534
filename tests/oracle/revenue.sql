-- Σ value less what was paid back, refund rows included. Zero within the span of days the orders cover, no value outside it.
SELECT coalesce(sum(value - coalesce(refunded, 0)) FILTER (ordered_day >= $start AND ordered_day < $end), 0)::DOUBLE
FROM "order" HAVING min(ordered_day) < $end AND max(ordered_day) >= $start
