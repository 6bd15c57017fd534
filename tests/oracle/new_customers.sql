-- People whose first subscription or order lies in the period.
SELECT count(*) FROM (
    SELECT min(day) AS first FROM (
        SELECT customer_no, started_day AS day FROM subscription
        UNION ALL SELECT customer_no, ordered_day FROM "order" WHERE transaction_type <> 'refund')
    WHERE customer_no IS NOT NULL GROUP BY customer_no)
WHERE first >= $start AND first < $end
