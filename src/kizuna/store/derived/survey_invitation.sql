-- How far each invitation came. Those whose file leaves open whether they were answered: the answer itself says so.
SELECT place, responded_at, state
FROM (
    SELECT i.rowid AS place, i.responded_at AS known_at, i.state AS known_state,
        coalesce(i.responded_at, r.answered_at) AS responded_at,
        CASE WHEN coalesce(i.responded_at, r.answered_at) IS NOT NULL THEN 'complete'
            WHEN i.first_answer_at IS NOT NULL THEN 'partial'
            WHEN i.dismissed_at IS NOT NULL THEN 'dismissed'
            WHEN i.shown_at IS NOT NULL THEN 'shown'
            WHEN i.bounced THEN 'bounced'
            ELSE 'sent' END AS state
    FROM survey_invitation i LEFT JOIN (
        SELECT invitation_id, min(answered_at) AS answered_at
        FROM survey_response
        WHERE status = 'complete' AND invitation_id IS NOT NULL
        GROUP BY invitation_id
    ) r ON r.invitation_id = i.invitation_id)
WHERE responded_at IS DISTINCT FROM known_at OR state IS DISTINCT FROM known_state
