-- Distinct customers who opened anything in the period, e-mail or not, whenever it was sent.
SELECT count(DISTINCT customer_no) FROM message WHERE opened_day >= $start AND opened_day < $end
