-- A person's first visit, over derived and imported ones. An imported visitor_type stays as the file says.
SELECT rowid AS place,
    CASE WHEN customer_no IS NOT NULL THEN min(started_day) OVER person END AS first_seen_day,
    CASE
        WHEN import_no <> 0 THEN visitor_type
        WHEN customer_no IS NULL THEN NULL
        WHEN row_number() OVER (PARTITION BY customer_no ORDER BY started_at, row_key) = 1 THEN 'new'
        ELSE 'returning'
    END AS visitor_type
FROM session
WHERE {scope}
WINDOW person AS (PARTITION BY customer_no)
