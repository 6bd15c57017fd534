-- Visits next to what was touched: a visit that lies within a pause of it is made anew as a whole; a visit by the
-- client's own id is made anew wherever it lies. Within two pauses after it: a server's event may lie between, which
-- belongs to it now and takes the visit further.
CREATE OR REPLACE TEMP TABLE beside AS
SELECT since - to_minutes($session_minutes) AS since, until + to_minutes(2 * $session_minutes) AS until FROM span;

CREATE OR REPLACE TEMP TABLE near_visit AS
SELECT rowid AS place, customer_no, session_id, platform, started_at, ended_at,
    row_key = customer_no || '/' || platform || '/' || epoch_us(started_at) AS own
FROM session
WHERE import_no = 0 AND {window beside started_at ended_at} AND {whose}
UNION ALL
SELECT rowid, customer_no, session_id, platform, started_at, ended_at, FALSE
FROM session
WHERE {by_clients} AND import_no = 0 AND {whose} AND session_id IN (SELECT session_id FROM span);

CREATE OR REPLACE TEMP TABLE near_visit AS
SELECT place, customer_no, session_id, platform, started_at, ended_at, bool_and(coalesce(own, FALSE)) AS own
FROM near_visit GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE reached AS
SELECT v.place, s.since, s.until, s.number, v.customer_no, CASE WHEN NOT v.own THEN v.session_id END AS client_id,
    CASE WHEN v.own THEN v.platform END AS side, v.started_at, v.ended_at
FROM span s JOIN near_visit v ON v.customer_no = s.customer_no
WHERE v.started_at <= s.until + to_minutes(2 * $session_minutes) AND v.ended_at >= s.since - to_minutes($session_minutes)
UNION ALL
SELECT v.place, s.since, s.until, s.number, v.customer_no, v.session_id, NULL, v.started_at, v.ended_at
FROM span s JOIN near_visit v ON v.customer_no IS NOT DISTINCT FROM s.customer_no AND v.session_id = s.session_id
WHERE NOT v.own;

CREATE OR REPLACE TEMP TABLE stale AS SELECT DISTINCT place FROM reached;

CREATE OR REPLACE TEMP TABLE region AS
SELECT *, ends + to_minutes($session_minutes) AS until
FROM (SELECT customer_no, client_id, side, min(least(since, started_at)) AS since, max(greatest(until, ended_at)) AS ends
    FROM reached GROUP BY number, customer_no, client_id, side
    UNION ALL
    SELECT customer_no, session_id, NULL, since, until FROM span WHERE customer_no IS NOT NULL OR session_id IS NOT NULL);

CREATE OR REPLACE TEMP TABLE client AS SELECT DISTINCT client_id FROM region WHERE client_id IS NOT NULL;

-- First whose they are, which the engine can tell while it reads; of what is left, which lie in the region, or are a
-- server's soon after it.
CREATE OR REPLACE TEMP TABLE near AS
WITH theirs AS MATERIALIZED (
    SELECT customer_no, session_id, platform, occurred_at, row_key, name, engaged_seconds, customer_id, anonymous_id, page,
        channel, campaign, source, device, country, referrer, browser, os, import_no
    FROM {events region occurred_at}
    WHERE {window region occurred_at} AND {whose})
SELECT *, TRUE AS inside FROM theirs e
WHERE EXISTS (
    SELECT 1 FROM region r
    WHERE r.customer_no IS NOT DISTINCT FROM e.customer_no AND e.occurred_at BETWEEN r.since AND r.until
        AND ({by_server} OR r.client_id IS NOT DISTINCT FROM e.session_id AND e.occurred_at <= r.ends
            AND coalesce(r.side = e.platform, TRUE)));

CREATE OR REPLACE TEMP TABLE served AS
SELECT customer_no, occurred_at - to_minutes($session_minutes) AS since, occurred_at AS until FROM near WHERE {by_server};

-- Whose they may be as well: other visits before them, which stay as they are.
INSERT INTO near
SELECT customer_no, session_id, platform, occurred_at, row_key, name, engaged_seconds, customer_id, anonymous_id, page,
    channel, campaign, source, device, country, referrer, browser, os, import_no, FALSE AS inside
FROM {events served occurred_at}
WHERE {window served occurred_at} AND customer_no IN (SELECT customer_no FROM served)
    AND row_key NOT IN (SELECT row_key FROM near);
