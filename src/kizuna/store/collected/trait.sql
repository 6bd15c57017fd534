-- Messages of type identify, group and alias as rows of the fact trait. An alias says of an earlier id
-- whose it is. A person may have several ids in other systems: the first is on the call's own row, each other on
-- one more.
SELECT id AS trait_id, happened_at AS said_at, kind,
    customer_id,
    CASE WHEN kind = 'identify' AND part = 1 THEN coalesce(known.email, context.traits.email) END AS email,
    CASE WHEN kind = 'identify' AND part = 1 THEN coalesce(known.phone, context.traits.phone) END AS phone,
    external_ids[part] AS external_id,
    CASE WHEN kind = 'alias' THEN coalesce(m.previousId, anonymous_id) ELSE anonymous_id END AS anonymous_id,
    CASE WHEN kind = 'group' THEN m.groupId END AS group_id,
    source,
    CASE WHEN part = 1 THEN {properties} END AS properties,
    '/:' || source || '/' || id || CASE WHEN part > 1 THEN '/' || part ELSE '' END AS row_key,
    pos AS line_no
FROM (
    SELECT *, unnest(range(1, greatest(len(external_ids), 1) + 1)) AS part
    FROM (
        SELECT *, m.traits AS traits, from_json(m.traits, '{"email": "VARCHAR", "phone": "VARCHAR"}') AS known,
            list_transform(
                from_json(context.externalIds, '[{"id": "VARCHAR", "type": "VARCHAR"}]'), lambda e: e.type || ':' || e.id
            ).list_filter(lambda e: e IS NOT NULL) AS external_ids
        FROM ({read})))
ORDER BY line_no
