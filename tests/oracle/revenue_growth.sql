-- 100 × (revenue − revenue of the month before) / revenue of the month before.
WITH month AS (
    SELECT sum(value - coalesce(refunded, 0)) FILTER (ordered_day >= $start)::DOUBLE AS now,
        sum(value - coalesce(refunded, 0)) FILTER (ordered_day < $start)::DOUBLE AS before
    FROM "order" WHERE ordered_day >= $previous_start AND ordered_day < $end)
SELECT 100 * (now - before) / nullif(before, 0) FROM month
