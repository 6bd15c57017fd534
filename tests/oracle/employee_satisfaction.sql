-- 100 × (answers ≥ 7 on 1..10, or yes) / answers; employees.
SELECT 100.0 * count(*) FILTER (score >= 7 OR lower(choice) = 'yes') / nullif(count(*), 0)
FROM survey_response
WHERE question = 'employee_satisfaction' AND status = 'complete' AND audience = 'employee'
  AND ((score IS NOT NULL AND scale_low = 1 AND scale_high = 10) OR lower(choice) IN ('yes', 'no'))
  AND answered_day >= $start AND answered_day < $end
