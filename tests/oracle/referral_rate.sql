-- 100 × customers with at least one referral that converted in the period / customers at its end.
WITH
customers AS (
    SELECT customer_no FROM subscription WHERE started_day < $end AND (ended_day IS NULL OR ended_day >= $end)
    UNION SELECT customer_no FROM "order" WHERE transaction_type <> 'refund' AND ordered_day >= $end - 90 AND ordered_day < $end),
referrers AS (SELECT DISTINCT customer_no FROM referral WHERE converted_day >= $start AND converted_day < $end)
SELECT 100.0 * count(*) FILTER (customer_no IN (FROM referrers)) / nullif(count(*), 0) FROM customers WHERE customer_no IS NOT NULL
