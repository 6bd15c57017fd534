-- Contacts received. Zero within the span of days the contacts cover, no value outside it.
SELECT count(*) FILTER (contacted_day >= $start AND contacted_day < $end)
FROM contact HAVING min(contacted_day) < $end AND max(contacted_day) >= $start
