-- 100 × e-mails that came back / e-mails sent.
SELECT 100.0 * count(*) FILTER (bounced) / nullif(count(*), 0) FROM message WHERE channel = 'email' AND sent_day >= $start AND sent_day < $end
