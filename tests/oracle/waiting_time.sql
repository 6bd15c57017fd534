-- Mean seconds from the request to an agent, on live channels; contacts nobody took have no waiting time.
SELECT avg(epoch(answered_at - contacted_at)) FROM contact WHERE live AND contacted_day >= $start AND contacted_day < $end
