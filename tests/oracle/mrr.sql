-- Recurring revenue a month of the subscriptions that run at the period's end.
SELECT sum(mrr)::DOUBLE FROM subscription WHERE started_day < $end AND (ended_day IS NULL OR ended_day >= $end)
