-- The days of what was touched, each made anew for those people from all of its events and orders.
CREATE OR REPLACE TEMP TABLE region AS
SELECT DISTINCT customer_no, day AS since, day AS until, day
FROM (SELECT customer_no, unnest(generate_series({first}, {last}, INTERVAL 1 DAY))::DATE AS day
    FROM span WHERE customer_no IS NOT NULL);

CREATE OR REPLACE TEMP TABLE near AS
SELECT customer_no, occurred_day, occurred_at, row_key, platform, channel, name FROM {events region occurred_day} e
WHERE {window region occurred_day} AND customer_no IN (SELECT customer_no FROM touched_customer) AND EXISTS (
    SELECT 1 FROM region r WHERE r.customer_no = e.customer_no AND r.day = e.occurred_day);

CREATE OR REPLACE TEMP TABLE near_order AS
SELECT customer_no, ordered_day, ordered_at, order_number, channel FROM "order" o
WHERE {window region ordered_day} AND customer_no IN (SELECT customer_no FROM touched_customer) AND EXISTS (
    SELECT 1 FROM region r WHERE r.customer_no = o.customer_no AND r.day = o.ordered_day);

CREATE OR REPLACE TEMP TABLE stale AS
SELECT rowid AS place FROM customer_day d
WHERE {window region day} AND customer_no IN (SELECT customer_no FROM touched_customer) AND EXISTS (SELECT 1 FROM region r WHERE r.customer_no = d.customer_no AND r.day = d.day);
