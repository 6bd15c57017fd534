-- 100 × people active in the month before and in this one / people active in the month before.
WITH
active AS (
    SELECT customer_no, occurred_day AS day FROM event WHERE customer_no IS NOT NULL
    UNION SELECT customer_no, ordered_day FROM "order" WHERE transaction_type <> 'refund' AND customer_no IS NOT NULL),
before AS (SELECT DISTINCT customer_no FROM active WHERE day >= $previous_start AND day < $start),
now AS (SELECT DISTINCT customer_no FROM active WHERE day >= $start AND day < $end)
SELECT 100.0 * count(*) FILTER (customer_no IN (FROM now)) / nullif(count(*), 0) FROM before
