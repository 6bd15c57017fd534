-- 100 × views of the last frame / views of the first, over stories that report both.
SELECT 100.0 * sum(story_last_views)::DOUBLE / nullif(sum(story_first_views), 0) FROM social_post
WHERE story_first_views IS NOT NULL AND story_last_views IS NOT NULL AND published_day >= $start AND published_day < $end
