-- Distinct people with any event, or an order, in the month that ends with the period.
SELECT count(DISTINCT customer_no) FROM (
    SELECT customer_no, occurred_day AS day FROM event
    UNION ALL SELECT customer_no, ordered_day FROM "order" WHERE transaction_type <> 'refund')
WHERE day >= $end - INTERVAL 1 MONTH AND day < $end
