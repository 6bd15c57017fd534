-- Visits. An event opens one when it is the person's first on that platform, or comes session_minutes or
-- more after the one before; a client's own session id is believed instead, pauses, midnight and all.
-- Events of nobody without a session id tell no visits, and servers open none (session_joined.sql). A visit the web tag told of came by what is first known of
-- its channel, and directly where nothing is; of others, by what the first event says.
WITH
active AS (
    SELECT *, CASE WHEN session_id IS NULL THEN platform END AS side, coalesce({by_server}, FALSE) AS by_server
    FROM {event}
    WHERE (customer_no IS NOT NULL OR session_id IS NOT NULL) AND NOT list_contains($passive::VARCHAR[], name)
),
paused AS (
    SELECT *,
        list_contains($page_viewed::VARCHAR[], name) AS is_view,
        session_id IS NULL AND occurred_at >= lag(occurred_at) OVER person + to_minutes($session_minutes) AS after_pause
    FROM {joined}
    WINDOW person AS (PARTITION BY customer_no, session_id, side ORDER BY occurred_at, row_key)
),
numbered AS (
    SELECT *,
        count(*) FILTER (after_pause) OVER person AS visit,
        count(*) FILTER (is_view) OVER person AS page_no,
        row_number() OVER person AS place
    FROM paused
    WINDOW person AS (PARTITION BY customer_no, session_id, side ORDER BY occurred_at, row_key)
),
-- One row per page seen, with what followed on it, so that engaged time can be counted on the last.
pages AS (
    SELECT customer_no, session_id, side, visit, page_no,
        min(occurred_at) AS started_at, max(occurred_at) AS ended_at,
        bool_or(is_view) AS viewed,
        -- as decimals, so that the sum does not depend on the order of its terms
        sum(engaged_seconds::DECIMAL(18, 6)) AS engaged_seconds,
        count(*) AS events,
        count(*) FILTER (list_contains($clicked::VARCHAR[], name)) AS clicks,
        bool_or(list_contains($goal_events::VARCHAR[], name)) AS converted,
        min(customer_id) AS customer_id, min(anonymous_id) AS anonymous_id,
        arg_min(page, place) AS entry_page, arg_max(page, place) AS exit_page,
        min(place) AS place,
        bool_or(is_view AND platform = 'web' AND import_no = -1) AS tagged,
        arg_min(channel, place) AS known_channel, arg_min(campaign, place) AS known_campaign,
        arg_min(referrer, place) AS referrer,
        arg_min(browser, place) AS browser, arg_min(os, place) AS os,
        arg_min_null(channel, place) AS channel, arg_min_null(campaign, place) AS campaign,
        arg_min_null(source, place) AS source, arg_min_null(platform, place) AS platform,
        arg_min_null(device, place) AS device, arg_min_null(country, place) AS country
    FROM numbered
    GROUP BY customer_no, session_id, side, visit, page_no
),
visits AS (
    SELECT customer_no, session_id AS client_id, side, visit,
        min(started_at) AS started_at, max(ended_at) AS ended_at,
        -- The last page was still in use after the last event by what is left of its engaged time.
        greatest(
            max(ended_at),
            arg_max_null(
                CASE WHEN viewed THEN started_at + to_microseconds((coalesce(engaged_seconds, 0) * 1000000)::BIGINT) END, page_no)
        ) AS left_at,
        min(customer_id) AS customer_id, min(anonymous_id) AS anonymous_id,
        arg_min(entry_page, place) AS entry_page, arg_max(exit_page, place) AS exit_page,
        count(*) FILTER (viewed) AS page_views, sum(clicks)::BIGINT AS clicks, sum(events)::BIGINT AS events,
        sum(engaged_seconds)::DOUBLE AS engaged_seconds, bool_or(converted) AS converted,
        bool_or(tagged) AS tagged,
        arg_min(known_channel, place) AS known_channel, arg_min(known_campaign, place) AS known_campaign,
        -- of the page it began with: later ones were reached from within
        CASE WHEN bool_or(viewed) THEN arg_min_null(referrer, place) FILTER (viewed) ELSE arg_min(referrer, place) END
            AS referrer,
        arg_min(browser, place) AS browser, arg_min(os, place) AS os,
        arg_min_null(channel, place) AS channel, arg_min_null(campaign, place) AS campaign,
        arg_min_null(source, place) AS source, arg_min_null(platform, place) AS platform,
        arg_min_null(device, place) AS device, arg_min_null(country, place) AS country
    FROM pages
    GROUP BY customer_no, session_id, side, visit
)
SELECT coalesce(client_id, customer_no || '-' || side || '-' || epoch_us(started_at)) AS session_id,
    started_at, ended_at, customer_id, anonymous_id,
    CASE WHEN tagged THEN coalesce(known_channel, 'direct') ELSE channel END AS channel,
    CASE WHEN tagged THEN known_campaign ELSE campaign END AS campaign,
    source, platform, device, country, entry_page, exit_page, referrer, browser, os,
    page_views, clicks, events, engaged_seconds,
    epoch(left_at) - epoch(started_at) AS duration_seconds,
    converted, customer_no,
    coalesce(customer_no::VARCHAR, '') || '/' || coalesce(client_id, side || '/' || epoch_us(started_at)) AS row_key
FROM visits
-- A visit that was imported under the same id is that visit.
WHERE client_id IS NULL OR client_id NOT IN (SELECT session_id FROM session WHERE import_no <> 0 AND session_id IS NOT NULL AND {ids})
