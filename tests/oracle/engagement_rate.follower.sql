-- 100 × (interactions with posts of the period, and mentions and tags of us) / the last count of followers of each account, added up.
WITH
part AS (
    SELECT unnest([likes, comments, shares, saves, clicks, tags]) AS n FROM social_post WHERE published_day >= $start AND published_day < $end
    UNION ALL SELECT (mentioned_day >= $start AND mentioned_day < $end)::INT FROM mention WHERE ours AND kind IN ('mention', 'tag')),
followers AS (
    SELECT sum(n) AS n FROM (
        SELECT max_by(followers, day) AS n FROM social_account WHERE day >= $start AND day < $end GROUP BY network, account))
SELECT 100.0 * (SELECT sum(n) FROM part)::DOUBLE / nullif(n, 0) FROM followers
