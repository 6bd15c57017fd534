-- Tickets opened in the period. Zero within the span of days the tickets cover, no value outside it.
SELECT count(*) FILTER (opened_day >= $start AND opened_day < $end) FROM ticket HAVING min(opened_day) < $end AND max(opened_day) >= $start
