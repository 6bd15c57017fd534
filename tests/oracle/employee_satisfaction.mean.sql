-- The mean answer, for each scale apart; employees.
SELECT scale_low::INT || '..' || scale_high::INT || CASE direction WHEN 'low_good' THEN ' low_good' ELSE '' END, avg(score)
FROM survey_response
WHERE question = 'employee_satisfaction' AND status = 'complete' AND audience = 'employee' AND score IS NOT NULL
  AND answered_day >= $start AND answered_day < $end
GROUP BY 1
