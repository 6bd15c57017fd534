-- CES 1.0: the mean answer to the effort question on 1..5, where low is good.
SELECT avg(score)
FROM survey_response
WHERE question = 'ces_effort' AND status = 'complete' AND audience = 'customer' AND score IS NOT NULL
  AND scale_low = 1 AND scale_high = 5 AND direction = 'low_good' AND answered_day >= $start AND answered_day < $end
