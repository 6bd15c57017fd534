-- Σ answers / answers on 1..7 where high is easy (CES 2.0).
SELECT sum(score) / count(*)
FROM survey_response
WHERE question = 'ces' AND status = 'complete' AND audience = 'customer' AND score IS NOT NULL
  AND scale_low = 1 AND scale_high = 7 AND direction IS DISTINCT FROM 'low_good' AND answered_day >= $start AND answered_day < $end
