-- The mean of three item means, each answer scaled to 0..100: reaching us, the waiting time, the solution. All three or nothing.
WITH item AS (
    SELECT question, avg(100 * CASE direction WHEN 'low_good' THEN scale_high - score ELSE score - scale_low END / (scale_high - scale_low)) AS mean
    FROM survey_response
    WHERE question IN ('reaching', 'waiting', 'solution') AND status = 'complete' AND audience = 'customer' AND score IS NOT NULL
      AND answered_day >= $start AND answered_day < $end
    GROUP BY question)
SELECT avg(mean) FROM item HAVING count(*) = 3
