-- Distinct people with an event in the app.
SELECT count(DISTINCT customer_no) FROM event WHERE platform = 'app' AND occurred_day >= $start AND occurred_day < $end
