-- What was written in public about us; a message to us is not a mention. Zero within the span of days the mentions cover.
SELECT count(*) FILTER (ours AND kind <> 'message' AND mentioned_day >= $start AND mentioned_day < $end)
FROM mention HAVING min(mentioned_day) < $end AND max(mentioned_day) >= $start
