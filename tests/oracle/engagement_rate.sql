-- 100 × interactions (of posts that report impressions, and mentions and tags of us) / impressions of posts that report any interaction.
WITH part AS (
    SELECT unnest([likes, comments, shares, saves, clicks, tags]) AS n FROM social_post
    WHERE impressions IS NOT NULL AND published_day >= $start AND published_day < $end
    UNION ALL SELECT 1 FROM mention WHERE ours AND kind IN ('mention', 'tag') AND mentioned_day >= $start AND mentioned_day < $end),
shown AS (
    SELECT sum(impressions) AS n FROM social_post
    WHERE coalesce(likes, comments, shares, saves, clicks, tags) IS NOT NULL AND published_day >= $start AND published_day < $end)
SELECT 100.0 * (SELECT sum(n) FROM part)::DOUBLE / nullif(n, 0) FROM shown
