-- 100 × clicks / impressions of ads.
SELECT 100.0 * sum(clicks)::DOUBLE / nullif(sum(impressions), 0) FROM ad
WHERE clicks IS NOT NULL AND impressions IS NOT NULL AND day >= $start AND day < $end
