-- 100 × (Σ attributed margin − Σ cost) / Σ cost of the ads.
SELECT 100 * (sum(attributed_margin) - sum(spend))::DOUBLE / nullif(sum(spend)::DOUBLE, 0) FROM ad WHERE day >= $start AND day < $end
