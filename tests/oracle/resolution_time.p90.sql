-- 90th percentile (interpolated) of seconds from opening to the last resolution.
SELECT quantile_cont(epoch(resolved_at - opened_at), 0.9) FROM ticket WHERE resolved_day >= $start AND resolved_day < $end
