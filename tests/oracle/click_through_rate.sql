-- 100 × clicks / impressions over ads, e-mails (clicked, delivered), posts that report both, and calls to action (promotions clicked, viewed).
WITH part AS (
    SELECT clicks, impressions FROM ad WHERE clicks IS NOT NULL AND impressions IS NOT NULL AND day >= $start AND day < $end
    UNION ALL SELECT clicks, impressions FROM social_post
        WHERE clicks IS NOT NULL AND impressions IS NOT NULL AND published_day >= $start AND published_day < $end
    UNION ALL SELECT clicked::INT, 1 FROM message
        WHERE channel = 'email' AND coalesce(delivered, NOT bounced) AND sent_day >= $start AND sent_day < $end
    UNION ALL SELECT (name = 'Promotion Clicked')::INT, (name = 'Promotion Viewed')::INT FROM event
        WHERE name IN ('Promotion Clicked', 'Promotion Viewed') AND occurred_day >= $start AND occurred_day < $end)
SELECT 100.0 * sum(clicks)::DOUBLE / nullif(sum(impressions), 0) FROM part
