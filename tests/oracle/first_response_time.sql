-- Mean seconds from opening to the first human reply, over tickets first replied to in the period.
SELECT avg(epoch(first_response_at - opened_at)) FROM ticket WHERE first_response_day >= $start AND first_response_day < $end
