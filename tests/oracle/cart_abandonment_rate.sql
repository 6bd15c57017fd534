-- 100 × (1 − carts that ended in an order within the window / carts with a product added), carts of the period.
SELECT 100.0 * (1 - count(*) FILTER (in_time) / nullif(count(*), 0)) FROM cart WHERE products > 0 AND started_day >= $start AND started_day < $end
