-- Carts. One opens with a product added (or a checkout) when none is open, and is open until an order, or
-- until cart_window_hours after the last product added or checkout. A later order ends no cart.
-- Where no event tells of orders (they came in a file of their own), the orders themselves end carts. A cart is
-- told by its start, and two of the same instant by their order, so that a late event leaves the others as they are.
WITH
steps AS (
    SELECT customer_no, occurred_at, row_key, customer_id, anonymous_id,
        channel, campaign, source, platform, device, country,
        list_contains($product_added::VARCHAR[], name) AS is_product,
        list_contains($checkout_started::VARCHAR[], name) AS is_checkout,
        list_contains($order_completed::VARCHAR[], name) AS is_order
    FROM {event}
    WHERE customer_no IS NOT NULL AND (
        list_contains($product_added::VARCHAR[], name) OR list_contains($checkout_started::VARCHAR[], name)
        OR list_contains($order_completed::VARCHAR[], name))
    UNION ALL BY NAME
    SELECT customer_no, ordered_at AS occurred_at, row_key, customer_id, channel, campaign, source, device, country,
        FALSE AS is_product, FALSE AS is_checkout, TRUE AS is_order
    FROM {order}
    WHERE import_no <> 0 AND value >= 0 AND transaction_type <> 'refund' AND {orders_end_carts}
),
followed AS (
    SELECT *,
        NOT coalesce(lag(is_order) OVER person, TRUE)
            AND occurred_at - lag(occurred_at) OVER person <= to_hours($cart_window_hours) AS is_open
    FROM steps
    WINDOW person AS (PARTITION BY customer_no ORDER BY occurred_at, row_key)
),
placed AS (
    SELECT *,
        count(*) FILTER (NOT is_order AND NOT is_open) OVER person AS cart,
        row_number() OVER person AS place
    FROM followed
    WINDOW person AS (PARTITION BY customer_no ORDER BY occurred_at, row_key)
),
carts AS (
    SELECT customer_no || '-' || epoch_us(min(occurred_at)) AS cart_id,
        min(occurred_at) AS started_at,
        min(occurred_at) FILTER (is_checkout) AS checkout_at,
        min(occurred_at) FILTER (is_order) AS ordered_at,
        min(customer_id) AS customer_id, min(anonymous_id) AS anonymous_id,
        arg_min_null(channel, place) AS channel, arg_min_null(campaign, place) AS campaign,
        arg_min_null(source, place) AS source, arg_min_null(platform, place) AS platform,
        arg_min_null(device, place) AS device, arg_min_null(country, place) AS country,
        count(*) FILTER (is_product) AS products,
        bool_or(is_order) AS in_time,
        customer_no,
        customer_no || '/' || epoch_us(min(occurred_at)) || '/'
            || row_number() OVER (PARTITION BY customer_no, min(occurred_at) ORDER BY cart) AS row_key
    FROM placed
    WHERE is_open OR NOT is_order
    GROUP BY customer_no, cart
)
SELECT * FROM carts cart WHERE {within}
