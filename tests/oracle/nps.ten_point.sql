-- The same cut-offs, only answers asked on 1..10.
SELECT 100.0 * (count(*) FILTER (score >= 9) - count(*) FILTER (score < 7)) / nullif(count(*), 0)
FROM survey_response
WHERE question = 'nps' AND status = 'complete' AND audience = 'customer' AND score IS NOT NULL
  AND scale_low = 1 AND scale_high = 10 AND answered_day >= $start AND answered_day < $end
