-- The share of each stated main purpose of the visit.
SELECT choice, 100.0 * count(*) / sum(count(*)) OVER ()
FROM survey_response
WHERE question = 'visitor_intent' AND status = 'complete' AND audience = 'customer' AND choice IS NOT NULL
  AND answered_day >= $start AND answered_day < $end
GROUP BY choice
