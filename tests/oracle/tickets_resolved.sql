-- Tickets resolved (for the last time) in the period. Zero within the span of days the resolutions cover, no value outside it.
SELECT count(*) FILTER (resolved_day >= $start AND resolved_day < $end) FROM ticket HAVING min(resolved_day) < $end AND max(resolved_day) >= $start
