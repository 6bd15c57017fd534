-- What an imported customer row leaves empty, from what was said of the customer. Ids are filled in only beside the
-- customer_id, because a row is known by its strongest id.
SELECT c.place, {trait_fills},
    CASE WHEN c.customer_id IS NULL THEN c.email ELSE coalesce(c.email, s.email) END AS email,
    CASE WHEN c.customer_id IS NULL THEN c.phone ELSE coalesce(c.phone, s.phone) END AS phone,
    CASE
        WHEN s.properties IS NULL THEN c.properties
        WHEN c.properties IS NULL THEN s.properties
        ELSE map_concat(s.properties, c.properties)
    END AS properties
FROM (SELECT *, rowid AS place FROM customer WHERE import_no <> 0 AND {scope}) c JOIN ({said}) s USING (customer_no)
