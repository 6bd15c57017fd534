-- 100 × e-mails called spam / e-mails delivered.
SELECT 100.0 * count(*) FILTER (complained) / nullif(count(*), 0)
FROM message WHERE channel = 'email' AND coalesce(delivered, NOT bounced) AND sent_day >= $start AND sent_day < $end
