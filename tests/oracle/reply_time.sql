-- Mean seconds from a mention or message to our reply, where there was one.
SELECT avg(epoch(replied_at - mentioned_at)) FROM mention WHERE ours AND mentioned_day >= $start AND mentioned_day < $end
