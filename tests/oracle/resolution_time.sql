-- Mean seconds from opening to the last resolution, calendar clock, over tickets resolved in the period.
SELECT avg(epoch(resolved_at - opened_at)) FROM ticket WHERE resolved_day >= $start AND resolved_day < $end
