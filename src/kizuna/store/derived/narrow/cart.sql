-- Carts next to what was touched. A step can change the cart it lies in, the one it lies after and, by what comes next,
-- the one or two after it, unless nothing comes next within the window; a cart's own first step does not depend on what
-- lies further back than the window.
CREATE OR REPLACE TEMP TABLE beside AS
SELECT since - to_hours($cart_window_hours) AS since, until + to_hours($cart_window_hours) AS until FROM span;

CREATE OR REPLACE TEMP TABLE near AS
SELECT customer_no, occurred_at FROM {events beside occurred_at}
WHERE {window beside occurred_at} AND customer_no IN (SELECT customer_no FROM touched_customer) AND list_contains(
    list_concat($product_added::VARCHAR[], $checkout_started), name);

CREATE OR REPLACE TEMP TABLE old_cart AS
SELECT rowid AS place, customer_no, started_at FROM cart
WHERE import_no = 0 AND customer_no IN (SELECT customer_no FROM touched_customer);

{stop near old_cart};

CREATE OR REPLACE TEMP TABLE region AS
WITH before AS (
    SELECT s.number,
        bool_or(n.occurred_at >= s.since - to_hours($cart_window_hours) AND n.occurred_at < s.since) AS goes_on,
        bool_or(n.occurred_at > s.until AND n.occurred_at <= s.until + to_hours($cart_window_hours)) AS followed
    FROM span s JOIN near n USING (customer_no) GROUP BY s.number),
carts AS (
    SELECT s.number, max(c.started_at) FILTER (c.started_at < s.since) AS last,
        min(c.started_at, 2) FILTER (c.started_at > s.until) AS following
    FROM span s JOIN old_cart c USING (customer_no) GROUP BY s.number)
SELECT s.customer_no, CASE WHEN b.goes_on THEN least(c.last, s.since) ELSE s.since END AS since,
    CASE
        WHEN b.followed IS NOT TRUE THEN s.until + to_hours($cart_window_hours)
        WHEN c.following[1] > s.until + to_hours($cart_window_hours) THEN c.following[1]
        ELSE coalesce(c.following[2], 'infinity')
    END AS until
FROM span s LEFT JOIN before b USING (number) LEFT JOIN carts c USING (number)
WHERE s.customer_no IS NOT NULL;

CREATE OR REPLACE TEMP TABLE stale AS
SELECT place FROM old_cart c WHERE EXISTS (
    SELECT 1 FROM region r WHERE r.customer_no = c.customer_no AND c.started_at >= r.since AND c.started_at < r.until);

CREATE OR REPLACE TEMP TABLE beside AS SELECT customer_no, since - to_hours($cart_window_hours) AS since, until FROM region;

-- First whose they are, which the engine can tell while it reads; of what is left, which lie in the region.
CREATE OR REPLACE TEMP TABLE near AS
WITH theirs AS MATERIALIZED (
    SELECT customer_no, occurred_at, row_key, name, customer_id, anonymous_id, channel, campaign, source, platform, device, country
    FROM {events beside occurred_at}
    WHERE {window beside occurred_at} AND customer_no IN (SELECT customer_no FROM touched_customer) AND list_contains(
        list_concat($product_added::VARCHAR[], $checkout_started, $order_completed), name))
FROM theirs e
WHERE EXISTS (SELECT 1 FROM beside r WHERE r.customer_no = e.customer_no AND e.occurred_at BETWEEN r.since AND r.until);

CREATE OR REPLACE TEMP TABLE near_order AS
WITH theirs AS MATERIALIZED (
    SELECT customer_no, ordered_at, row_key, customer_id, channel, campaign, source, device, country, value, transaction_type, import_no
    FROM "order"
    WHERE import_no <> 0 AND {window beside ordered_at} AND {orders_end_carts}
        AND customer_no IN (SELECT customer_no FROM touched_customer))
FROM theirs o
WHERE EXISTS (SELECT 1 FROM beside r WHERE r.customer_no = o.customer_no AND o.ordered_at BETWEEN r.since AND r.until);
