-- 100 × delivered pushes followed by a visit in the app within 24 hours / pushes delivered.
SELECT 100.0 * count(*) FILTER (EXISTS (
        FROM event e WHERE e.customer_no = m.customer_no AND e.platform = 'app' AND e.occurred_at > m.sent_at
        AND e.occurred_at <= m.sent_at + INTERVAL 24 HOUR)) / nullif(count(*), 0)
FROM message m WHERE channel = 'push' AND coalesce(delivered, NOT bounced) AND sent_day >= $start AND sent_day < $end
