-- 100 × yes / (yes + no); other answers are not in the base.
SELECT 100.0 * count(*) FILTER (lower(choice) = 'yes') / nullif(count(*), 0)
FROM survey_response
WHERE question = 'task_completion' AND status = 'complete' AND audience = 'customer' AND lower(choice) IN ('yes', 'no')
  AND answered_day >= $start AND answered_day < $end
