-- Orders told by events that name an order and what was paid. The latest word on the amount counts; a
-- cancelled order is paid back in full; some write what was paid back with a minus. For refunds without an amount
-- see order_returned.sql. Amounts without any order are no order.
WITH
told AS (
    SELECT *,
        list_contains($order_completed::VARCHAR[], name) AS completed,
        list_contains($order_refunded::VARCHAR[], name) AS back,
        list_contains($order_cancelled::VARCHAR[], name) AS cancelled,
        row_number() OVER (PARTITION BY order_id ORDER BY occurred_at, row_key) AS place
    FROM {event}
    WHERE order_id IS NOT NULL AND list_contains($order_told::VARCHAR[], name)
),
orders AS (
    SELECT order_id,
        coalesce(min(occurred_at) FILTER (completed), min(occurred_at)) AS ordered_at,
        arg_max(value, place) FILTER (NOT back AND NOT cancelled) AS value,
        sum(abs(value)) FILTER (back) AS paid_back,
        bool_or(cancelled) AS cancelled,
        arg_min(customer_id, place) AS customer_id, arg_min(email, place) AS email,
        arg_min(properties['currency'], place) AS currency,
        arg_min(channel, place) AS channel, arg_min(campaign, place) AS campaign,
        arg_min(source, place) AS source, arg_min(device, place) AS device, arg_min(country, place) AS country,
        arg_min(customer_no, place) AS customer_no
    FROM told
    GROUP BY order_id
)
SELECT order_id, ordered_at, customer_id, email, value,
    (CASE WHEN cancelled OR all_back THEN value ELSE least(coalesce(paid_back, 0) + products_back, value) END)::DECIMAL(18, 4) AS refunded,
    currency, 'purchase' AS transaction_type, channel, campaign, source, device, country,
    customer_no, order_id AS row_key
FROM {returned}
-- An order that was imported under the same id is that order.
WHERE value IS NOT NULL AND order_id NOT IN (SELECT order_id FROM "order" WHERE import_no <> 0 AND {ids})
