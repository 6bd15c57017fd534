-- 100 × mentions of us / mentions of all tracked brands.
SELECT 100.0 * count(*) FILTER (ours) / nullif(count(*), 0) FROM mention
WHERE kind <> 'message' AND mentioned_day >= $start AND mentioned_day < $end
