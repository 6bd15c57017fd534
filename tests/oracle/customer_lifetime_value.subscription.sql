-- Recurring margin a month (recurring revenue where no margin is known) per subscriber at the start / the month's churn rate as a fraction.
WITH
at_start AS (SELECT customer_no, coalesce(margin, mrr) AS margin FROM subscription WHERE started_day < $start AND (ended_day IS NULL OR ended_day >= $start)),
at_end AS (SELECT DISTINCT customer_no FROM subscription WHERE started_day < $end AND (ended_day IS NULL OR ended_day >= $end)),
lost AS (SELECT count(DISTINCT customer_no) AS n FROM at_start WHERE customer_no NOT IN (FROM at_end))
-- (margin / subscribers) / (lost / subscribers)
SELECT sum(margin)::DOUBLE / nullif((SELECT n FROM lost), 0) FROM at_start
