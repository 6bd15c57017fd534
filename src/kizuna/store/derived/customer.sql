-- When each customer came: first order or first subscription, whichever was earlier.
WITH
orders AS (
    SELECT customer_no,
        min(ordered_at) FILTER (order_number = 1) AS first_order_at,
        min(ordered_at) FILTER (order_number = 2) AS second_order_at
    FROM "order"
    WHERE order_number <= 2 AND {scope}
    GROUP BY customer_no
),
subscriptions AS (
    SELECT customer_no, min(started_at) AS first_subscribed_at
    FROM subscription
    WHERE customer_no IS NOT NULL AND {scope}
    GROUP BY customer_no
)
SELECT customer.rowid AS place, orders.first_order_at, orders.second_order_at, subscriptions.first_subscribed_at,
    least(orders.first_order_at, subscriptions.first_subscribed_at) AS acquired_at
FROM customer LEFT JOIN orders USING (customer_no) LEFT JOIN subscriptions USING (customer_no)
WHERE {people}
