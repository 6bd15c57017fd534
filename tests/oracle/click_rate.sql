-- 100 × e-mails clicked at least once / e-mails delivered.
SELECT 100.0 * count(*) FILTER (clicked) / nullif(count(*), 0)
FROM message WHERE channel = 'email' AND coalesce(delivered, NOT bounced) AND sent_day >= $start AND sent_day < $end
