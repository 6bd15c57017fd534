-- The events of visits, those of servers among them. What a server tells of belongs to the visit of the person's own
-- latest event before it, if that was less than session_minutes ago, and to none else: it opens no visit, and where
-- one goes on is told by what people do.
SELECT * EXCLUDE (latest) REPLACE (
    CASE WHEN by_server THEN latest.client_id ELSE session_id END AS session_id,
    CASE WHEN by_server THEN latest.side ELSE side END AS side)
FROM (
    SELECT *, last_value(
        CASE WHEN NOT by_server THEN {'at': occurred_at, 'client_id': session_id, 'side': side, 'inside': {inside}} END
        IGNORE NULLS) OVER (PARTITION BY customer_no ORDER BY occurred_at, by_server, row_key) AS latest
    FROM active
    WHERE customer_no IN (SELECT customer_no FROM active WHERE by_server)
)
WHERE latest.inside AND CASE WHEN by_server THEN occurred_at < latest.at + to_minutes($session_minutes) ELSE {inside} END
UNION ALL
FROM active
WHERE {inside} AND (customer_no IS NULL OR customer_no NOT IN (SELECT customer_no FROM active WHERE by_server))
