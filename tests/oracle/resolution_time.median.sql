-- Median seconds from opening to the last resolution, over tickets resolved in the period.
SELECT quantile_cont(epoch(resolved_at - opened_at), 0.5) FROM ticket WHERE resolved_day >= $start AND resolved_day < $end
