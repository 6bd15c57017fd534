-- People who were customers (subscribers, or with an order in the last 90 days) at the start and are not at the end.
WITH
held AS (
    SELECT customer_no, started_day AS since, coalesce(ended_day, DATE '9999-01-01') AS until FROM subscription
    UNION ALL SELECT customer_no, ordered_day, ordered_day + 90 FROM "order" WHERE transaction_type <> 'refund'),
at_start AS (SELECT DISTINCT customer_no FROM held WHERE since < $start AND until >= $start AND customer_no IS NOT NULL),
at_end AS (SELECT DISTINCT customer_no FROM held WHERE since < $end AND until >= $end AND customer_no IS NOT NULL)
SELECT count(*) FROM at_start WHERE customer_no NOT IN (FROM at_end)
