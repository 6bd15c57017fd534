-- Of customers whose first order lies in the period, the percentage with a second one within 90 days of the first.
WITH
bought AS (
    SELECT customer_no, ordered_at, ordered_day, row_number() OVER (PARTITION BY customer_no ORDER BY ordered_at, order_id) AS number
    FROM "order" WHERE transaction_type <> 'refund' AND customer_no IS NOT NULL),
pair AS (
    SELECT first.ordered_at AS first_at, second.ordered_at AS second_at
    FROM bought first LEFT JOIN bought second ON second.customer_no = first.customer_no AND second.number = 2
    WHERE first.number = 1 AND first.ordered_day >= $start AND first.ordered_day < $end)
SELECT 100.0 * count(*) FILTER (second_at <= first_at + INTERVAL 90 DAY) / nullif(count(*), 0) FROM pair
