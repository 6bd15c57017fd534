-- Median seconds from a mention or message to our reply, where there was one.
SELECT quantile_cont(epoch(replied_at - mentioned_at), 0.5) FROM mention WHERE ours AND mentioned_day >= $start AND mentioned_day < $end
