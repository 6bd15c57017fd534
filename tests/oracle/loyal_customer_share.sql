-- 100 × customers who ordered in this month and in each of the two before / customers who ordered in this month.
WITH
bought AS (SELECT DISTINCT customer_no, date_trunc('month', ordered_day)::DATE AS month FROM "order" WHERE transaction_type <> 'refund' AND customer_no IS NOT NULL),
months AS (
    SELECT customer_no, count(*) AS n, bool_or(month = $start) AS now FROM bought
    WHERE month IN ($start, $start - INTERVAL 1 MONTH, $start - INTERVAL 2 MONTH) GROUP BY customer_no)
SELECT 100.0 * count(*) FILTER (n = 3) / nullif(count(*), 0) FROM months WHERE now
