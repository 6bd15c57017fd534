-- What refunds without an amount paid back. One that lists no products either is a refund of the whole order. One that
-- does pays these back, at the prices it tells itself or else those of the order's own products, the latest first;
-- of products without any price it is not known how much. Products are the same by their sku, or else their id.
WITH
unsaid AS (
    SELECT DISTINCT order_id FROM {event}
    WHERE order_id IS NOT NULL AND value IS NULL AND list_contains($order_refunded::VARCHAR[], name)
),
told AS (
    SELECT order_id, value, occurred_at, row_key, properties['currency'] AS currency,
        list_contains($order_refunded::VARCHAR[], name) AS back,
        nullif(nullif(properties['products'], ''), '[]') AS products,
        coalesce(properties['total'], properties['value'], properties['revenue'], '') <> '' AS unreadable
    FROM {event}
    WHERE list_contains(list_concat($order_completed::VARCHAR[], $order_updated, $order_refunded), name)
        AND order_id IN (FROM unsaid)
),
orders AS (
    SELECT order_id,
        bool_or(back AND value IS NULL AND products IS NULL AND NOT unreadable) AS all_back,
        arg_min(currency, (occurred_at, row_key)) AS currency,
        list({'products': products, 'currency': currency, 'back': back} ORDER BY occurred_at DESC, row_key DESC)
            FILTER (json_valid(products) AND (value IS NULL OR NOT back)) AS lists
    FROM told
    GROUP BY order_id
),
products AS (
    SELECT *, flatten(list_transform(lists, lambda list: list_transform(
        from_json(list.products, '[{"product_id": "VARCHAR", "sku": "VARCHAR", "price": "VARCHAR", "quantity": "VARCHAR"}]'),
        lambda line: {'back': list.back, 'product_id': line.product_id, 'sku': line.sku,
            'price': try_cast(abs(try_cast(line.price AS DECIMAL(18, 4))) * {rate} AS DECIMAL(18, 4)),
            'quantity': abs(try_cast(line.quantity AS DECIMAL(9, 3)))}))) AS lines
    FROM orders
)
SELECT order_id, all_back, list_sum(list_transform(
    list_transform(list_filter(lines, lambda line: line.back), lambda line: {'told': line, 'sold': list_filter(lines,
        lambda sold: NOT sold.back AND sold.price IS NOT NULL
            AND coalesce(sold.sku = line.sku, sold.product_id = line.product_id, FALSE))[1]}),
    lambda line: coalesce(line.told.price, line.sold.price) * coalesce(line.told.quantity, line.sold.quantity, 1))) AS paid_back
FROM products
