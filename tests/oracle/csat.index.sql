-- 100 × Σ answers / (answers × the scale's highest), for each scale apart; where low is good, the scale is turned round first.
SELECT scale_low::INT || '..' || scale_high::INT || CASE direction WHEN 'low_good' THEN ' low_good' ELSE '' END,
    100 * sum(CASE direction WHEN 'low_good' THEN scale_low + scale_high - score ELSE score END) / (count(*) * any_value(scale_high))
FROM survey_response
WHERE question = 'csat' AND status = 'complete' AND audience = 'customer' AND score IS NOT NULL
  AND answered_day >= $start AND answered_day < $end
GROUP BY 1
