-- Tickets opened before the period's end and not resolved before it; zero from the first ticket on.
SELECT count(*) FILTER (opened_day < $end AND (resolved_day IS NULL OR resolved_day >= $end)) FROM ticket HAVING min(opened_day) < $end
