-- Answers: of each question the latest word, unless that takes back what was said. What was written as a comment stands on the row of the main question;
-- where that has no answer, on a row of its own. What a visitor had come to do stands on all rows of the response.
WITH
said AS (
    SELECT invitation, pos, happened_at, unnest(given, recursive := true) FROM touched_step WHERE what = 'answered'),
latest AS (
    SELECT * FROM (
        SELECT * FROM said
        QUALIFY row_number() OVER (PARTITION BY invitation, asked ORDER BY happened_at DESC, pos DESC) = 1)
    WHERE score IS NOT NULL OR choice IS NOT NULL OR comment IS NOT NULL),
beside AS (
    SELECT invitation, min(comment) FILTER (asked = '{comment}') AS remark,
        min(choice) FILTER (asked = 'visitor_intent') AS intent
    FROM latest GROUP BY invitation),
answer AS (
    SELECT latest.*, remark, intent, about.* EXCLUDE (invitation, line_no), asked = question AS main,
        count_if(asked = question) OVER (PARTITION BY invitation) > 0 AS main_answered
    FROM latest JOIN beside USING (invitation) JOIN touched_survey about USING (invitation))
SELECT invitation AS response_id, asked AS question, coalesce(responded_at, first_answer_at) AS answered_at,
    customer_id, email, phone, anonymous_id, score, scale_low, scale_high, direction, choice,
    CASE WHEN main AND asked <> '{comment}' THEN nullif(concat_ws(chr(10), comment, remark), '') ELSE comment END AS comment,
    CASE WHEN responded_at IS NULL THEN 'partial' ELSE 'complete' END AS status,
    audience, survey, CASE WHEN NOT anonymous THEN invitation END AS invitation_id, ticket_id, order_id, intent,
    channel, campaign, country, tier, team, agent, coalesce(answered_in, language) AS language,
    concat_ws(chr(31), invitation, asked) AS row_key, NULL::MAP(VARCHAR, VARCHAR) AS properties, pos AS line_no
FROM answer
WHERE asked <> '{comment}' OR main OR NOT main_answered
