-- Historic lifetime value per customer acquired to date / cost of acquiring one in the period.
WITH
joined AS (
    SELECT customer_no, min(day) AS first FROM (
        SELECT customer_no, started_day AS day FROM subscription
        UNION ALL SELECT customer_no, ordered_day FROM "order" WHERE transaction_type <> 'refund')
    WHERE customer_no IS NOT NULL GROUP BY customer_no),
earned AS (SELECT sum(coalesce(margin, value - coalesce(refunded, 0)))::DOUBLE AS amount FROM "order" WHERE ordered_day < $end),
spent AS (SELECT sum(amount)::DOUBLE AS amount FROM cost WHERE kind IN ('marketing', 'experience', 'data') AND day >= $start AND day < $end)
SELECT (earned.amount / nullif((SELECT count(*) FROM joined WHERE first < $end), 0))
    / nullif(spent.amount / nullif((SELECT count(*) FROM joined WHERE first >= $start AND first < $end), 0), 0)
FROM earned, spent
