-- Days on which a person did something: events by platform, and days known only by an order.
WITH
acts AS (
    SELECT customer_no, occurred_day AS day, platform, min(customer_id) AS customer_id,
        min(occurred_at) AS first_at, count(*) AS events,
        arg_min_null(channel, (occurred_at, row_key)) AS channel
    FROM event
    WHERE customer_no IS NOT NULL AND {scope}
    GROUP BY customer_no, occurred_day, platform
),
bought AS (
    SELECT customer_no, ordered_day AS day, 'order' AS platform, min(customer_id) AS customer_id,
        min(ordered_at) AS first_at, 0 AS events,
        arg_min_null(channel, (ordered_at, row_key)) AS channel
    FROM "order"
    WHERE customer_no IS NOT NULL AND {scope} AND NOT (transaction_type = 'refund' OR value < 0)
    GROUP BY customer_no, ordered_day
)
SELECT day, customer_id, platform, channel, events,
    row_number() OVER (PARTITION BY customer_no, day ORDER BY first_at, platform) = 1 AS first_of_day,
    customer_no,
    customer_no || '/' || day || '/' || platform AS row_key
FROM (FROM acts UNION ALL FROM bought ANTI JOIN acts USING (customer_no, day))
