-- Σ what the ads cost. Zero within the span of days the ads cover, no value outside it.
SELECT coalesce(sum(spend) FILTER (day >= $start AND day < $end), 0)::DOUBLE FROM ad HAVING min(day) < $end AND max(day) >= $start
