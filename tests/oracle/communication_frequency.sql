-- Times customers got in touch or answered (contacts, messages on social networks, clicked e-mails, answered invitations) / people active in the period.
WITH
said AS (
    SELECT contacted_day AS day FROM contact
    UNION ALL SELECT mentioned_day FROM mention WHERE ours AND kind = 'message'
    UNION ALL SELECT sent_day FROM message WHERE channel = 'email' AND clicked
    UNION ALL SELECT responded_day FROM survey_invitation WHERE audience = 'customer'),
active AS (
    SELECT customer_no, occurred_day AS day FROM event
    UNION ALL SELECT customer_no, ordered_day FROM "order" WHERE transaction_type <> 'refund')
SELECT count(*) / nullif((SELECT count(DISTINCT customer_no) FROM active WHERE day >= $start AND day < $end), 0)
FROM said WHERE day >= $start AND day < $end
