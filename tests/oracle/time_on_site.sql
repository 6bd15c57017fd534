-- Seconds in use / visitors.
SELECT sum(engaged_seconds) / nullif(count(DISTINCT customer_no), 0) FROM session WHERE started_day >= $start AND started_day < $end
