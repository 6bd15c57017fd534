-- E-mails and pushes told by events that name a message. Some senders number a mailing and not each copy, so one
-- person's copy is one message.
WITH
told AS (
    SELECT *,
        list_contains($message_opened::VARCHAR[], name) AS is_open,
        list_contains($message_clicked::VARCHAR[], name) AS is_click,
        list_contains($message_bounced::VARCHAR[], name) AS is_bounce,
        row_number() OVER (PARTITION BY message_id, customer_no ORDER BY occurred_at, row_key) AS place
    FROM {event}
    WHERE message_id IS NOT NULL AND list_contains($message_told::VARCHAR[], name)
),
messages AS (
    SELECT message_id, customer_no,
        coalesce(
            min(occurred_at) FILTER (list_contains($message_sent::VARCHAR[], name)), min(occurred_at)) AS sent_at,
        arg_min(customer_id, place) AS customer_id, arg_min(email, place) AS email,
        CASE WHEN bool_or(list_contains($push_told::VARCHAR[], name)) THEN 'push' ELSE 'email' END AS channel,
        arg_min(campaign, place) AS campaign,
        arg_min(coalesce(properties['email_subject'], properties['subject']), place) AS template,
        arg_min(country, place) AS country,
        bool_or(is_open OR is_click) OR NOT bool_or(is_bounce) AS delivered,
        bool_or(is_bounce) AS bounced,
        min(occurred_at) FILTER (is_open) AS opened_at,
        bool_or(is_open) AS opened,
        bool_or(is_click) AS clicked,
        bool_or(list_contains($message_unsubscribed::VARCHAR[], name)) AS unsubscribed,
        bool_or(list_contains($message_complained::VARCHAR[], name)) AS complained
    FROM told
    GROUP BY message_id, customer_no
)
SELECT *, message_id || '/' || coalesce(customer_no::VARCHAR, '') AS row_key
FROM messages m
-- A message that was imported under the same id is that message.
WHERE NOT EXISTS (
    SELECT 1 FROM message i
    WHERE i.import_no <> 0 AND {ids} AND i.message_id = m.message_id
        AND (i.customer_no = m.customer_no OR i.customer_no IS NULL OR m.customer_no IS NULL))
