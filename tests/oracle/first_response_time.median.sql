-- Median seconds from opening to the first human reply.
SELECT quantile_cont(epoch(first_response_at - opened_at), 0.5) FROM ticket WHERE first_response_day >= $start AND first_response_day < $end
