-- 100 × interactions of posts that report impressions / impressions of posts that report any interaction.
WITH post AS (
    SELECT impressions, list_sum([likes, comments, shares, saves, clicks, tags]) AS n FROM social_post
    WHERE impressions IS NOT NULL AND published_day >= $start AND published_day < $end)
SELECT 100.0 * sum(n)::DOUBLE / nullif(sum(impressions), 0) FROM post WHERE n IS NOT NULL
