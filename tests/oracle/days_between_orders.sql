-- The mean number of days (a day is 24 hours) from a customer's previous order to this one, over the period's orders that have one.
WITH gap AS (
    SELECT ordered_day, epoch(ordered_at - lag(ordered_at) OVER (PARTITION BY customer_no ORDER BY ordered_at, order_id)) / 86400 AS days
    FROM "order" WHERE transaction_type <> 'refund' AND customer_no IS NOT NULL)
SELECT avg(days) FROM gap WHERE ordered_day >= $start AND ordered_day < $end
