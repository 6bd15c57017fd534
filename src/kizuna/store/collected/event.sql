-- Messages of type track, page and screen as rows of the fact event: `led`, `visitor` and `located` say what the way
-- here, the user agent and the network address tell. No file can spell such a row_key.
SELECT id AS event_id, happened_at AS occurred_at, name, customer_id, email, anonymous_id, session_id,
    led.channel, taken.campaign, source,
    -- what says nothing of a page or an agent was told by a server, unless a browser or an app brought it
    CASE WHEN platform = 'server' AND coalesce(visitor.device, browser, os) IS NOT NULL THEN 'web' ELSE platform END AS platform,
    coalesce(device, said_device) AS device,
    coalesce(said_country, country) AS country,
    page, led.referrer, element, product,
    NULL::VARCHAR AS status,
    browser, coalesce(os, said_os) AS os,
    order_id, message_id, value, engaged_seconds, load_seconds, properties,
    '/:' || source || '/' || id AS row_key, pos AS line_no
FROM taken LEFT JOIN led ON {same} LEFT JOIN visitor ON {visitor} LEFT JOIN located ON located.addressed = {address}
WHERE kind IN ({kinds})
