-- Invitations whose file leaves open whether they were answered: the answer itself says so.
SELECT i.rowid AS place, r.answered_at AS responded_at
FROM survey_invitation i JOIN (
    SELECT invitation_id, min(answered_at) AS answered_at
    FROM survey_response
    WHERE status = 'complete' AND invitation_id IS NOT NULL
    GROUP BY invitation_id
) r ON r.invitation_id = i.invitation_id
WHERE i.responded_at IS NULL
