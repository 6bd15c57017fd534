-- Days on which a person did something: events by platform, and days known only by an order. They have no
-- text to tell them by: nothing refers to them, and there may be tens of millions.
WITH
acts AS (
    SELECT customer_no, occurred_day AS day, platform,
        min(occurred_at) AS first_at, count(*) AS events,
        arg_min_null(channel, (occurred_at, row_key)) AS channel
    FROM {event}
    WHERE customer_no IS NOT NULL AND NOT list_contains($passive::VARCHAR[], name)
    GROUP BY customer_no, occurred_day, platform
),
bought AS (
    SELECT customer_no, ordered_day AS day, 'order' AS platform,
        min(ordered_at) AS first_at, 0 AS events,
        arg_min_null(channel, order_number) AS channel
    FROM {order}
    WHERE order_number IS NOT NULL
    GROUP BY customer_no, ordered_day
)
SELECT day, platform, channel, events,
    row_number() OVER (PARTITION BY customer_no, day ORDER BY first_at, platform) = 1 AS first_of_day,
    customer_no,
    NULL::VARCHAR AS row_key
FROM (FROM acts UNION ALL FROM bought ANTI JOIN acts USING (customer_no, day))
