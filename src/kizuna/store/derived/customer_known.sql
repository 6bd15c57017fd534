-- Everyone known by more than an anonymous id who is in no imported customer file.
SELECT customer_no,
    min(value) FILTER (kind = 'customer_id') AS customer_id,
    min(value) FILTER (kind = 'email') AS email,
    min(value) FILTER (kind = 'phone') AS phone,
    '#' || customer_no AS row_key
FROM identifier
WHERE kind <> 'anonymous_id' AND {scope}
    AND customer_no NOT IN (SELECT customer_no FROM customer WHERE import_no <> 0 AND customer_no IS NOT NULL)
GROUP BY customer_no
