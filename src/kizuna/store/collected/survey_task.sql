-- What is to be done about an answer, with the answer as it stands now.
SELECT task.invitation AS task_id, raised_at, due_at, done_at,
    about.customer_id, about.email, about.phone, about.anonymous_id, about.survey, about.question, score, comment,
    owner, done_by, note, about.channel, about.campaign, about.ticket_id, about.order_id, about.country, about.tier,
    about.team, about.agent, about.audience, task.invitation AS row_key, NULL::MAP(VARCHAR, VARCHAR) AS properties, task.line_no
FROM (
    SELECT invitation, min(pos) AS line_no,
        min(happened_at) FILTER (what = 'task_raised') AS raised_at,
        arg_max(due, (happened_at, pos)) FILTER (what = 'task_raised') AS due_at,
        arg_max("by", (happened_at, pos)) FILTER (what = 'task_raised') AS owner,
        min(happened_at) FILTER (what = 'task_done') AS done_at,
        arg_min("by", (happened_at, pos)) FILTER (what = 'task_done') AS done_by,
        arg_min(nullif(detail, ''), (happened_at, pos)) FILTER (what = 'task_done') AS note
    FROM (
        -- What was done before it was opened again is done no longer.
        SELECT * FROM touched_step WHERE what IN ('task_raised', 'task_done', 'task_reopened')
        QUALIFY what = 'task_raised' OR coalesce((happened_at, pos) >
            max((happened_at, pos)) FILTER (what = 'task_reopened') OVER (PARTITION BY invitation), TRUE))
    GROUP BY invitation) task
JOIN touched_survey about USING (invitation)
LEFT JOIN new_survey_response answer ON answer.response_id = task.invitation AND answer.question = about.question
WHERE raised_at IS NOT NULL
