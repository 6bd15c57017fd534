-- 100 × pushes opened / pushes delivered, by the day sent.
SELECT 100.0 * count(*) FILTER (coalesce(opened, opened_at IS NOT NULL)) / nullif(count(*), 0)
FROM message WHERE channel = 'push' AND coalesce(delivered, NOT bounced) AND sent_day >= $start AND sent_day < $end
