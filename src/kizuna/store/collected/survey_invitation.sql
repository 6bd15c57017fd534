-- Invitations that reached somebody: sent, or shown where they never were. Who answers has seen it, and what was handed
-- over before a crash was sent if anything came of it. An address that was refused was sent nothing, and nobody was
-- invited by a mail to try: who unsubscribes from that makes none. Nor does an answer to which nobody was invited: it
-- would look as if everybody who was asked answered.
SELECT invitation AS invitation_id,
    coalesce(sent_at, CASE WHEN reached THEN begun_at END, shown_at) AS sent_at,
    shown_at, first_answer_at, responded_at, dismissed_at, reminded_at, bounced,
    customer_id, email, phone, anonymous_id, survey, question, rule, channel, campaign, ticket_id, order_id,
    country, tier, team, agent, language, audience,
    invitation AS row_key, NULL::MAP(VARCHAR, VARCHAR) AS properties, line_no
FROM touched_survey
WHERE known AND coalesce(sent_at, CASE WHEN reached THEN begun_at END, shown_at) IS NOT NULL
