-- Mean seconds from opening to the first resolution, over tickets first resolved in the period.
SELECT avg(epoch(first_resolved_at - opened_at)) FROM ticket WHERE first_resolved_day >= $start AND first_resolved_day < $end
