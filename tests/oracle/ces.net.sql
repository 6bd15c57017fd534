-- 100 × (answers ≥ 6 minus answers ≤ 3) / answers, on CES 2.0.
SELECT 100.0 * (count(*) FILTER (score >= 6) - count(*) FILTER (score <= 3)) / nullif(count(*), 0)
FROM survey_response
WHERE question = 'ces' AND status = 'complete' AND audience = 'customer' AND score IS NOT NULL
  AND scale_low = 1 AND scale_high = 7 AND direction IS DISTINCT FROM 'low_good' AND answered_day >= $start AND answered_day < $end
