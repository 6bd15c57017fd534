-- Orders or messages that touched events tell of. Such events may lie months apart; `told` knows when.
CREATE OR REPLACE TEMP TABLE new_told AS
SELECT {id} AS id, occurred_at AS told_at FROM {events span occurred_at} e
WHERE {window span occurred_at} AND {id} IS NOT NULL AND list_contains(${step}::VARCHAR[], name)
    AND EXISTS (SELECT 1 FROM span s
        WHERE s.customer_no IS NOT DISTINCT FROM e.customer_no AND e.occurred_at BETWEEN s.since AND s.until);

CREATE OR REPLACE TEMP TABLE touched_id AS
SELECT DISTINCT id FROM (SELECT id FROM new_told UNION ALL
    SELECT {id} FROM {fact} o WHERE import_no <> 0 AND {window span {time}} AND EXISTS (SELECT 1 FROM span s
        WHERE s.customer_no IS NOT DISTINCT FROM o.customer_no AND o.{time} BETWEEN s.since AND s.until));

{stop touched_id};

INSERT INTO told
SELECT DISTINCT '{step}' AS step, md5_number_lower(id) AS id, told_at FROM new_told ANTI JOIN told
    ON told.step = '{step}' AND told.id = md5_number_lower(new_told.id) AND told.told_at = new_told.told_at;

CREATE OR REPLACE TEMP TABLE region AS
SELECT told_at AS since, told_at AS until FROM told
WHERE step = '{step}' AND id IN (SELECT md5_number_lower(id) FROM touched_id);

-- By their instant first: whole numbers are told apart sooner than ids.
CREATE OR REPLACE TEMP TABLE near AS
SELECT customer_no, occurred_at, row_key, name, order_id, message_id, customer_id, email, channel, campaign, source, device,
    country, value, properties
FROM event
WHERE {window region occurred_at} AND occurred_at IN (SELECT since FROM region) AND {id} IN (SELECT id FROM touched_id);

CREATE OR REPLACE TEMP TABLE stale AS
SELECT rowid AS place FROM {fact}
WHERE import_no = 0 AND {window region {time}} AND {id} IN (SELECT id FROM touched_id);
