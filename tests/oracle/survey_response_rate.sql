-- 100 × invitations of the period that were answered (whenever, told by the invitation or by an answer to it) / invitations sent or shown in it; customers.
SELECT 100.0 * count(*) FILTER (responded_at IS NOT NULL OR invitation_id IN (
        SELECT r.invitation_id FROM survey_response r WHERE r.status = 'complete' AND r.invitation_id IS NOT NULL)) / nullif(count(*), 0)
FROM survey_invitation
WHERE audience = 'customer' AND sent_day >= $start AND sent_day < $end
