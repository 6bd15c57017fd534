-- Marketing, experience and data costs of the period / people whose first subscription or order lies in it.
WITH
spent AS (SELECT sum(amount) AS amount FROM cost WHERE kind IN ('marketing', 'experience', 'data') AND day >= $start AND day < $end),
won AS (
    SELECT count(*) AS n FROM (
        SELECT min(day) AS first FROM (
            SELECT customer_no, started_day AS day FROM subscription
            UNION ALL SELECT customer_no, ordered_day FROM "order" WHERE transaction_type <> 'refund')
        WHERE customer_no IS NOT NULL GROUP BY customer_no)
    WHERE first >= $start AND first < $end)
SELECT spent.amount::DOUBLE / nullif(won.n, 0) FROM spent, won
