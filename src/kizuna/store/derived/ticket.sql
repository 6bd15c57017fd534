-- Contacts of each ticket, whether the first one settled it (no second until the first resolution, and not
-- opened again within reopen_days of it), and its seconds inside business hours.
-- `business` has the opening hours as UTC intervals; before + time into the interval is a running clock.
WITH
contacts AS (
    SELECT ticket_id, count(*) AS contacts, count(*) FILTER (contacted_at <= settled_at) AS until_settled
    FROM contact LEFT JOIN (
        SELECT ticket_id, coalesce(first_resolved_at, resolved_at) AS settled_at FROM ticket) USING (ticket_id)
    WHERE ticket_id IS NOT NULL
    GROUP BY ticket_id
),
clocked AS (
    SELECT t.rowid AS place, t.opened_at, t.first_resolved_at, t.resolved_at, t.reopened_at, c.contacts, c.until_settled,
        coalesce(t.first_resolved_at, t.resolved_at) AS settled_at,
        coalesce(o.before + least(epoch(t.opened_at) - o.starts, o.seconds), 0) AS opened,
        coalesce(r.before + least(epoch(t.first_response_at) - r.starts, r.seconds), 0) AS responded,
        coalesce(d.before + least(epoch(t.resolved_at) - d.starts, d.seconds), 0) AS resolved,
        t.first_response_at
    FROM ticket t
    LEFT JOIN contacts c ON c.ticket_id = t.ticket_id
    ASOF LEFT JOIN business o ON epoch(t.opened_at) >= o.starts
    ASOF LEFT JOIN business r ON epoch(t.first_response_at) >= r.starts
    ASOF LEFT JOIN business d ON epoch(t.resolved_at) >= d.starts
)
SELECT place, contacts,
    CASE
        WHEN settled_at IS NULL THEN FALSE
        -- resolved twice without a word of when it was opened again in between
        WHEN contacts IS NULL AND reopened_at IS NULL THEN coalesce(settled_at = resolved_at, FALSE)
        ELSE coalesce(until_settled, 1) <= 1 AND NOT coalesce(reopened_at <= settled_at + to_days($reopen_days), FALSE)
    END AS settled_first,
    CASE WHEN first_response_at IS NOT NULL THEN responded - opened END AS business_response_seconds,
    CASE WHEN resolved_at IS NOT NULL THEN resolved - opened END AS business_resolution_seconds
FROM clocked
