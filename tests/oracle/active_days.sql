-- Days on which a person was active, added up over people.
SELECT count(*) FROM (
    SELECT customer_no, occurred_day AS day FROM event WHERE customer_no IS NOT NULL
    UNION SELECT customer_no, ordered_day FROM "order" WHERE transaction_type <> 'refund' AND customer_no IS NOT NULL)
WHERE day >= $start AND day < $end
