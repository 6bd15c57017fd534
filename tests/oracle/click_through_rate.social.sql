-- 100 × clicks / impressions of posts that report both.
SELECT 100.0 * sum(clicks)::DOUBLE / nullif(sum(impressions), 0) FROM social_post
WHERE clicks IS NOT NULL AND impressions IS NOT NULL AND published_day >= $start AND published_day < $end
