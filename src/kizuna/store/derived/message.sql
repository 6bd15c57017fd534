-- A push brought its reader back when the app was used within 24 hours after it.
WITH app AS (
    SELECT customer_no, occurred_at AS used_at
    FROM {event}
    WHERE platform = 'app' AND customer_no IS NOT NULL AND NOT list_contains($passive::VARCHAR[], name)
    UNION ALL
    SELECT customer_no, started_at FROM {session} WHERE platform = 'app' AND customer_no IS NOT NULL AND import_no <> 0
)
SELECT m.place,
    CASE WHEN m.customer_no IS NOT NULL THEN coalesce(app.used_at <= m.sent_at + INTERVAL 24 HOUR, FALSE) END AS returned
FROM {message} m ASOF LEFT JOIN app ON app.customer_no = m.customer_no AND app.used_at > m.sent_at
WHERE m.channel = 'push'
