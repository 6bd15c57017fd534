-- Likes, comments, shares, saves, clicks and tags of posts, and mentions and tags of us; no value only where neither posts nor mentions are known.
WITH
told AS (
    SELECT sum(n) AS n FROM (
        SELECT unnest([likes, comments, shares, saves, clicks, tags]) AS n FROM social_post WHERE published_day >= $start AND published_day < $end)),
said AS (
    SELECT count(*) FILTER (ours AND kind IN ('mention', 'tag') AND mentioned_day >= $start AND mentioned_day < $end) AS n
    FROM mention HAVING min(mentioned_day) < $end AND max(mentioned_day) >= $start)
SELECT (CASE WHEN told.n IS NOT NULL OR said.n IS NOT NULL THEN coalesce(told.n, 0) + coalesce(said.n, 0) END)::DOUBLE
FROM told LEFT JOIN said ON TRUE
