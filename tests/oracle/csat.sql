-- 100 × positive / answers. Positive: ≥ 4 on 1..5 and 0..5, ≥ 6 on 1..7, ≥ 9 on 1..10; where low is good, the scale is turned round first.
WITH answer AS (
    SELECT scale_low || '..' || scale_high AS asked,
        CASE direction WHEN 'low_good' THEN scale_low + scale_high - score ELSE score END AS good
    FROM (SELECT score, direction, scale_low::INT AS scale_low, scale_high::INT AS scale_high, question, status, audience, answered_day
          FROM survey_response)
    WHERE question = 'csat' AND status = 'complete' AND audience = 'customer' AND score IS NOT NULL
      AND answered_day >= $start AND answered_day < $end)
SELECT 100.0 * count(*) FILTER (good >= CASE asked WHEN '1..7' THEN 6 WHEN '1..10' THEN 9 ELSE 4 END) / nullif(count(*), 0)
FROM answer WHERE asked IN ('1..5', '0..5', '1..7', '1..10')
