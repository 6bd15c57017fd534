-- A person has one row of traits: the latest that names the customer_id, or else the latest. Others keep
-- their content and lose the person, so that a join by customer_no never doubles a row.
SELECT place, CASE WHEN rank = 1 THEN person_no END AS customer_no
FROM (
    SELECT c.rowid AS place, i.customer_no AS person_no,
        row_number() OVER (
            PARTITION BY i.customer_no
            ORDER BY c.customer_id IS NULL, c.import_no DESC, c.line_no DESC, c.row_key) AS rank
    FROM (SELECT *, rowid, {owner} AS owner FROM customer WHERE import_no <> 0 AND {people}) c
    JOIN (SELECT kind, value, customer_no FROM identifier WHERE {scope}) i
        ON i.kind = c.owner.kind AND i.value = c.owner.value
)
