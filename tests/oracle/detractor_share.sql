-- 100 × answers below 7 / answers, on the 0..10 question.
SELECT 100.0 * count(*) FILTER (score < 7) / nullif(count(*), 0)
FROM survey_response
WHERE question = 'nps' AND status = 'complete' AND audience = 'customer' AND score IS NOT NULL
  AND scale_low = 0 AND scale_high = 10 AND answered_day >= $start AND answered_day < $end
