-- The last close in the period, for each stock.
SELECT symbol, max_by(close, day)::DOUBLE FROM share_price WHERE day >= $start AND day < $end GROUP BY symbol
