-- 100 × customers who opened at least 80 % of the e-mails sent to them in the 90 days before the period's end / customers sent any in them.
WITH reader AS (
    SELECT count(*) AS sent, count(*) FILTER (coalesce(opened, opened_at IS NOT NULL)) AS opened
    FROM message WHERE channel = 'email' AND customer_no IS NOT NULL AND sent_day >= $end - 90 AND sent_day < $end GROUP BY customer_no)
SELECT 100.0 * count(*) FILTER (100 * opened >= 80 * sent) / nullif(count(*), 0) FROM reader
