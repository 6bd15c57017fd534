-- Distinct people with a visit begun in the period.
SELECT count(DISTINCT customer_no) FROM session WHERE started_day >= $start AND started_day < $end
