-- The messages of a load, each taken apart once: who, when and where from, and the columns of an event that follow
-- from the message alone. A struct of all that messages can say would be kept just as well, for twice the time.
SELECT pos, kind, id, received_at, happened_at, source, header, address, agent, ip, {client} AS client,
    customer_id, anonymous_id, context.traits.email AS email,
    coalesce(context.sessionId, context.session_id, said.session_id) AS session_id,
    {site} AS site, led_by, utm_source, utm_medium, campaign,
    CASE kind WHEN 'page' THEN 'Page Viewed' WHEN 'screen' THEN 'Screen Viewed' ELSE m.event END AS name,
    CASE WHEN kind = 'screen' OR m.channel = 'mobile' OR lower(context.device.type) IN ('ios', 'android')
        OR starts_with(m.event, 'Application ') OR starts_with(m.event, 'Push Notification ')
        OR regexp_matches(lower(context.library.name), '(^|[-_.])(ios|android|swift|kotlin|flutter|react[-_]native)')
        THEN 'app'
        WHEN kind = 'track' AND coalesce(agent, context.sessionId, context.session_id, said.session_id, page_url, path, led_by) IS NULL
        THEN 'server' ELSE 'web' END AS platform,
    CASE WHEN lower(context.device.type) IN ('ios', 'android') THEN 'mobile' END AS said_device,
    context.os.name AS said_os,
    CASE WHEN length(context.location.country) = 2 THEN upper(context.location.country) END AS said_country,
    CASE WHEN kind = 'screen' THEN coalesce(m.name, said.name, path) ELSE coalesce(path, m.name, said.name) END AS page,
    said.element,
    coalesce(said.product_id, said.sku, said.product) AS product,
    coalesce(said.order_id, said.orderId) AS order_id,
    coalesce(said.message_id, said.email_id) AS message_id,
    {value} AS value,
    {engaged} AS engaged_seconds, {loading} AS load_seconds,
    CASE WHEN kind IN ('track', 'page', 'screen') THEN {properties} END AS properties
FROM ({told})
