-- Σ attributed revenue / Σ spend.
SELECT sum(attributed_revenue)::DOUBLE / nullif(sum(spend)::DOUBLE, 0) FROM ad WHERE day >= $start AND day < $end
