-- Invitations that reached somebody: sent, or shown where they never were. Who answers has seen it, and what was handed
-- over before a crash was sent if anything came of it. An answer to which nobody was invited makes none: it
-- would look as if everybody who was asked answered.
SELECT invitation AS invitation_id,
    coalesce(sent_at, CASE WHEN reached THEN sending_at END, least(shown_at, reached_at)) AS sent_at,
    shown_at, first_answer_at, responded_at, dismissed_at, reminded_at, bounced,
    customer_id, email, phone, anonymous_id, survey, question, rule, channel, campaign, ticket_id, order_id,
    country, tier, team, agent, language, audience,
    invitation AS row_key, NULL::MAP(VARCHAR, VARCHAR) AS properties, line_no
FROM (SELECT *, coalesce(shown_at, reached_at) IS NOT NULL AS reached FROM touched_survey)
WHERE known AND (sent_at IS NOT NULL OR reached)
