-- Seconds in use / pages and screens seen.
SELECT sum(engaged_seconds) / nullif(count(*) FILTER (name IN ('Page Viewed', 'Screen Viewed')), 0)
FROM event WHERE occurred_day >= $start AND occurred_day < $end
