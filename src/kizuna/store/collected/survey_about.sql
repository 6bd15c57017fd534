-- Each touched invitation: whom and what it is about, told by `invited`, else by the first step that tells it, and
-- when what happened. Of an anonymous one nothing is said by which a person could be found.
SELECT * REPLACE ({nobody})
FROM (
    SELECT invitation, min(pos) AS line_no, bool_or(anonymous) AS anonymous, {told},
        min(happened_at) FILTER (what = 'sent') AS sent_at,
        -- When it was begun and nothing tells that the server would not have it.
        CASE WHEN count_if(what = 'sending') > count_if(what = 'deferred') AND NOT bool_or(what = 'failed')
            THEN max(happened_at) FILTER (what = 'sending') END AS begun_at,
        min(happened_at) FILTER (what IN ('shown', 'answered', 'dismissed')) AS shown_at,
        bool_or(what IN ('shown', 'answered', 'dismissed', 'reminded', 'bounced', 'unsubscribed')) AS reached,
        min(happened_at) FILTER (what = 'answered') AS first_answer_at,
        min(happened_at) FILTER (what = 'answered' AND complete) AS responded_at,
        min(happened_at) FILTER (what = 'dismissed') AS dismissed_at,
        min(happened_at) FILTER (what = 'reminded') AS reminded_at,
        bool_or(what = 'bounced') AS bounced,
        arg_max(language, said) FILTER (what = 'answered') AS answered_in,
        bool_or(what NOT IN ('answered', 'task_raised', 'task_done', 'task_reopened')) AS known
    FROM (
        SELECT *, row_number() OVER (PARTITION BY invitation ORDER BY what <> 'invited', happened_at, pos) AS turn,
            row_number() OVER (PARTITION BY invitation ORDER BY happened_at, pos) AS said
        FROM touched_step)
    GROUP BY invitation)
