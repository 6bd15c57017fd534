-- All events. Zero within the span of days they cover, no value outside it.
SELECT count(*) FILTER (occurred_day >= $start AND occurred_day < $end) FROM event HAVING min(occurred_day) < $end AND max(occurred_day) >= $start
