-- 100 × (positive − negative) / mentions of us whose sentiment is known.
SELECT 100.0 * (count(*) FILTER (sentiment = 'positive') - count(*) FILTER (sentiment = 'negative')) / nullif(count(*), 0)
FROM mention WHERE ours AND kind <> 'message' AND sentiment IS NOT NULL AND mentioned_day >= $start AND mentioned_day < $end
