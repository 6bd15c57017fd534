-- Messages of type track, page and screen as rows of the fact event: `told` has them taken apart, `led`, `visitor`
-- and `located` what the way here, the user agent and the network address tell. No file can spell such a row_key.
SELECT id AS event_id, happened_at AS occurred_at,
    CASE kind WHEN 'page' THEN 'Page Viewed' WHEN 'screen' THEN 'Screen Viewed' ELSE event END AS name,
    customer_id, context.traits.email AS email, anonymous_id,
    coalesce(context.sessionId, context.session_id, said.session_id) AS session_id,
    channel,
    told.campaign,
    source,
    CASE WHEN kind = 'screen' OR sent_by = 'mobile' OR lower(context.device.type) IN ('ios', 'android')
        OR starts_with(event, 'Application ') OR starts_with(event, 'Push Notification ')
        OR regexp_matches(lower(context.library.name), '(^|[-_.])(ios|android|swift|kotlin|flutter|react[-_]native)')
        THEN 'app' ELSE 'web' END AS platform,
    coalesce(device, CASE WHEN lower(context.device.type) IN ('ios', 'android') THEN 'mobile' END) AS device,
    coalesce(CASE WHEN length(context.location.country) = 2 THEN upper(context.location.country) END, country) AS country,
    CASE WHEN kind = 'screen' THEN coalesce(name, said.name, path) ELSE coalesce(path, name, said.name) END AS page,
    led.referrer,
    said.element,
    coalesce(said.product_id, said.sku, said.product) AS product,
    NULL::VARCHAR AS status,
    browser, coalesce(os, context.os.name) AS os,
    coalesce(said.order_id, said.orderId) AS order_id,
    coalesce(said.message_id, said.email_id) AS message_id,
    {value} AS value,
    {engaged} AS engaged_seconds, {loading} AS load_seconds,
    {properties} AS properties,
    '/:' || source || '/' || id AS row_key, pos AS line_no
FROM {rows}
