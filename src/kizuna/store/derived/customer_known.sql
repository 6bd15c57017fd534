-- Everyone known by more than an anonymous id who is in no imported customer file, with what was said of them.
SELECT k.customer_no, k.customer_id, coalesce(s.email, k.email) AS email, coalesce(s.phone, k.phone) AS phone, k.external_id,
    s.* EXCLUDE (customer_no, email, phone), '#' || k.customer_no AS row_key
FROM (
    SELECT customer_no,
        min(value) FILTER (kind = 'customer_id') AS customer_id,
        min(value) FILTER (kind = 'email') AS email,
        min(value) FILTER (kind = 'phone') AS phone,
        min(value) FILTER (kind = 'external_id') AS external_id
    FROM identifier
    WHERE kind <> 'anonymous_id' AND {scope} AND customer_no NOT IN (
        SELECT customer_no FROM customer WHERE import_no <> 0 AND customer_no IS NOT NULL AND {scope})
    GROUP BY customer_no
) k LEFT JOIN ({said}) s USING (customer_no)
