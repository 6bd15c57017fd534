-- Margin of all orders before the period's end (the sum of all customers' value to date) / capital expenditure of the period.
SELECT (SELECT sum(coalesce(margin, value - coalesce(refunded, 0)))::DOUBLE FROM "order" WHERE ordered_day < $end)
    / nullif((SELECT sum(amount)::DOUBLE FROM cost WHERE kind = 'capital' AND day >= $start AND day < $end), 0)
