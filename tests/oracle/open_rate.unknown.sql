-- 100 × e-mails opened by nobody knows whom / e-mails delivered.
SELECT 100.0 * count(*) FILTER (coalesce(opened, opened_at IS NOT NULL) AND machine_opened IS NULL) / nullif(count(*), 0)
FROM message WHERE channel = 'email' AND coalesce(delivered, NOT bounced) AND sent_day >= $start AND sent_day < $end
