-- The mean of three ranks: communication frequency, time on site and clicks of this month, each in 0..100 among its own last 12 months (this one
-- included, ties count half; at least two must be known).
WITH
month AS (SELECT ($start - to_months(i::INT))::DATE AS start, ($end - to_months(i::INT))::DATE AS until FROM range(12) r(i)),
said AS (
    SELECT contacted_day AS day FROM contact
    UNION ALL SELECT mentioned_day FROM mention WHERE ours AND kind = 'message'
    UNION ALL SELECT sent_day FROM message WHERE channel = 'email' AND clicked
    UNION ALL SELECT responded_day FROM survey_invitation WHERE audience = 'customer'),
active AS (
    SELECT customer_no, occurred_day AS day FROM event
    UNION ALL SELECT customer_no, ordered_day FROM "order" WHERE transaction_type <> 'refund'),
measured AS (
    SELECT start,
        nullif((SELECT count(*) FROM said WHERE day >= start AND day < until), 0)
            / (SELECT count(DISTINCT customer_no) FROM active WHERE day >= start AND day < until) AS frequency,
        (SELECT sum(engaged_seconds) / nullif(count(DISTINCT customer_no), 0) FROM session WHERE started_day >= start AND started_day < until) AS seconds,
        (SELECT count(*) FILTER (name LIKE '% Clicked' AND occurred_day >= start AND occurred_day < until)
         FROM event HAVING min(occurred_day) < until AND max(occurred_day) >= start) AS clicks
    FROM month),
long AS (
    SELECT start, 'frequency' AS part, frequency::DOUBLE AS value FROM measured
    UNION ALL SELECT start, 'seconds', seconds FROM measured
    UNION ALL SELECT start, 'clicks', clicks FROM measured),
ranked AS (
    SELECT now.part, 100 * (count(*) FILTER (past.value < now.value) + 0.5 * count(*) FILTER (past.value = now.value)) / count(*) AS rank
    FROM long now JOIN long past ON past.part = now.part AND past.value IS NOT NULL
    WHERE now.start = $start AND now.value IS NOT NULL GROUP BY now.part HAVING count(*) >= 2)
SELECT avg(rank) FROM ranked HAVING count(*) = 3
