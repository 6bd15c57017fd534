-- The visits that a customer came by first and last, derived and imported ones.
SELECT c.rowid AS place,
    v.first.started_at AS first_touch_at, v.first.channel AS first_touch_channel, v.first.campaign AS first_touch_campaign,
    v.last.started_at AS last_touch_at, v.last.channel AS last_touch_channel, v.last.campaign AS last_touch_campaign
FROM customer c LEFT JOIN (
    SELECT customer_no, min(visit) AS first, max(visit) AS last
    FROM (SELECT customer_no, {'started_at': started_at, 'row_key': row_key, 'channel': channel, 'campaign': campaign} AS visit
        FROM session
        WHERE {scope} AND customer_no IN (SELECT customer_no FROM customer))
    GROUP BY customer_no
) v USING (customer_no)
WHERE {people}
