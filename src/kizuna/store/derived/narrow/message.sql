-- Pushes that what was touched can have followed within 24 hours, or that are new themselves.
CREATE OR REPLACE TEMP TABLE region AS SELECT since - INTERVAL 24 HOUR AS since, until FROM span;

CREATE OR REPLACE TEMP TABLE near_message AS
SELECT rowid AS place, customer_no, sent_at, channel FROM message m
WHERE {window region sent_at} AND channel = 'push' AND customer_no IN (SELECT customer_no FROM touched_customer);

{stop near_message};

CREATE OR REPLACE TEMP TABLE region AS SELECT sent_at AS since, sent_at + INTERVAL 24 HOUR AS until FROM near_message;

CREATE OR REPLACE TEMP TABLE near AS
SELECT customer_no, occurred_at, platform, name FROM {events region occurred_at}
WHERE {window region occurred_at} AND platform = 'app' AND customer_no IN (SELECT customer_no FROM near_message);

CREATE OR REPLACE TEMP TABLE near_session AS
SELECT customer_no, started_at, platform, import_no FROM session
WHERE {window region started_at} AND import_no <> 0 AND platform = 'app'
    AND customer_no IN (SELECT customer_no FROM near_message);
