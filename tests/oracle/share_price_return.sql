-- 100 × (last close in the period − last close before it, or the first in it) / that, for each stock.
WITH price AS (
    SELECT symbol, max_by(close, day) FILTER (day < $start)::DOUBLE AS before, min_by(close, day) FILTER (day >= $start)::DOUBLE AS first,
        max_by(close, day) FILTER (day >= $start)::DOUBLE AS last
    FROM share_price WHERE day < $end GROUP BY symbol)
SELECT symbol, 100 * (last - coalesce(before, first)) / coalesce(before, first) FROM price WHERE last IS NOT NULL
