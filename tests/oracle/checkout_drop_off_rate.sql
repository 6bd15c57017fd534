-- 100 × (1 − checkouts that ended in an order / checkouts started).
SELECT 100.0 * (1 - count(*) FILTER (in_time) / nullif(count(*), 0)) FROM cart WHERE checkout_day >= $start AND checkout_day < $end
