-- Anonymous surveys: which of those asked count as having answered, though nobody knows who did. The first answers of a
-- month are given to the first who were asked in it, what is left over to those asked before. So the rates of
-- channels and months are right, and the times of a row tell nothing of its own person.
-- An answer takes the latest asking that is still free, as brackets are matched: at one level of depth askings and
-- answers take turns.
WITH
asked AS (
    SELECT survey, coalesce(channel, 'link') AS channel, invitation_id, sent_at AS moment FROM survey_invitation
    WHERE import_no = {collected} AND invitation_id IN (
        SELECT invitation FROM survey_step WHERE anonymous AND survey IN (FROM touched_ballot))),
ballot AS (
    SELECT survey, coalesce(arg_min(channel, (happened_at, pos)), 'link') AS channel, min(happened_at) AS first_at,
        min(happened_at) FILTER (complete) AS complete_at
    FROM survey_step
    WHERE anonymous AND what = 'answered' AND NOT test AND NOT visitor AND survey IN (FROM touched_ballot)
    GROUP BY survey, invitation),
thing AS (
    SELECT *, FALSE AS answer, 'any' AS whole FROM asked
    UNION ALL SELECT *, FALSE, 'complete' FROM asked
    UNION ALL SELECT survey, channel, NULL, first_at, TRUE, 'any' FROM ballot
    UNION ALL SELECT survey, channel, NULL, complete_at, TRUE, 'complete' FROM ballot WHERE complete_at IS NOT NULL),
placed AS (
    SELECT *, row_number() OVER (
        PARTITION BY survey, channel, whole
        ORDER BY date_trunc('month', {local}), answer, CASE WHEN NOT answer THEN moment END DESC, invitation_id DESC, moment
    ) AS place FROM thing),
deep AS (
    SELECT *, sum(CASE WHEN answer THEN -1 ELSE 1 END) OVER (
        PARTITION BY survey, channel, whole ORDER BY place ROWS UNBOUNDED PRECEDING) + answer::INTEGER AS depth
    FROM placed),
taken AS (
    SELECT invitation_id, answer, whole, moment AS asked_at, lead(CASE WHEN answer THEN moment END) OVER (
        PARTITION BY survey, channel, whole, depth ORDER BY place) AS answer_at
    FROM deep)
SELECT invitation_id, CASE WHEN first_at IS NOT NULL THEN greatest(asked_at, first_at) END AS first_answer_at,
    CASE WHEN complete_at IS NOT NULL THEN greatest(asked_at, complete_at) END AS responded_at
FROM (
    SELECT invitation_id, asked_at, min(answer_at) AS first_at, min(answer_at) FILTER (whole = 'complete') AS complete_at
    FROM taken WHERE NOT answer GROUP BY invitation_id, asked_at)
