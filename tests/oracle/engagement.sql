-- The mean of csat, retention_rate.cohort and (nps + 100) / 2; nothing where one of them is missing.
WITH
answer AS (
    SELECT question, scale_low || '..' || scale_high AS asked, score,
        CASE direction WHEN 'low_good' THEN scale_low + scale_high - score ELSE score END AS good
    FROM (SELECT * REPLACE (scale_low::INT AS scale_low, scale_high::INT AS scale_high) FROM survey_response)
    WHERE status = 'complete' AND audience = 'customer' AND score IS NOT NULL AND answered_day >= $start AND answered_day < $end),
csat AS (
    SELECT 100.0 * count(*) FILTER (good >= CASE asked WHEN '1..7' THEN 6 WHEN '1..10' THEN 9 ELSE 4 END) / nullif(count(*), 0) AS value
    FROM answer WHERE question = 'csat' AND asked IN ('1..5', '0..5', '1..7', '1..10')),
nps AS (
    SELECT 100.0 * (count(*) FILTER (score >= 9) - count(*) FILTER (score < 7)) / nullif(count(*), 0) AS value
    FROM answer WHERE question = 'nps' AND asked = '0..10'),
at_start AS (SELECT DISTINCT customer_no FROM subscription WHERE started_day < $start AND (ended_day IS NULL OR ended_day >= $start)),
at_end AS (SELECT DISTINCT customer_no FROM subscription WHERE started_day < $end AND (ended_day IS NULL OR ended_day >= $end)),
kept AS (SELECT 100.0 * count(*) FILTER (customer_no IN (FROM at_end)) / nullif(count(*), 0) AS value FROM at_start)
SELECT (csat.value + kept.value + (nps.value + 100) / 2) / 3 FROM csat, nps, kept
