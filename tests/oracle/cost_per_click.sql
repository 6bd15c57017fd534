-- Σ spend / Σ clicks.
SELECT sum(spend)::DOUBLE / nullif(sum(clicks), 0) FROM ad WHERE day >= $start AND day < $end
