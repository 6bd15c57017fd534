-- Messages taken apart. `incoming` has the text of each and what is known of its request.
SELECT pos, make_timestamp(received_at) AS received_at, source, header, address,
    s.kind, s.id,
    CASE WHEN s.kind = 'rejected' OR s.at BETWEEN -62135596800000000 AND 253402300799999999 THEN make_timestamp(s.at)
        ELSE error('It happened in no year that can be: ' || s.at) END AS happened_at,
    nullif(m.userId, '') AS customer_id, nullif(m.anonymousId, '') AS anonymous_id,
    m, m.context.userAgent AS agent, m.context.ip AS ip, m.context AS context, m.properties AS properties,
    json_transform(m.properties, '{said}') AS said
FROM (SELECT *, s.m AS m FROM (SELECT *, from_json(item, '{form}') AS s FROM {incoming}))
