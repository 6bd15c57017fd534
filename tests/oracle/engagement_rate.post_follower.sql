-- 100 × interactions of posts / followers of the account when each was published, over posts that report both.
WITH post AS (
    SELECT followers, list_sum([likes, comments, shares, saves, clicks, tags]) AS n FROM social_post
    WHERE followers IS NOT NULL AND published_day >= $start AND published_day < $end)
SELECT 100.0 * sum(n)::DOUBLE / nullif(sum(followers), 0) FROM post WHERE n IS NOT NULL
