-- Margin of all orders before the period's end (revenue net of refunds where no margin is known) / customers acquired before it.
WITH
earned AS (SELECT sum(coalesce(margin, value - coalesce(refunded, 0))) AS amount FROM "order" WHERE ordered_day < $end),
won AS (
    SELECT count(DISTINCT customer_no) AS n FROM (
        SELECT customer_no FROM subscription WHERE started_day < $end
        UNION ALL SELECT customer_no FROM "order" WHERE transaction_type <> 'refund' AND ordered_day < $end))
SELECT earned.amount::DOUBLE / nullif(won.n, 0) FROM earned, won
