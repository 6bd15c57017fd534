-- 100 × contacts answered for good at first touch / contacts received. At first touch: the ticket's first contact, none after it before the
-- ticket was resolved, and the ticket not opened again within 7 days; or a contact without a ticket that the file calls resolved.
WITH
numbered AS (
    SELECT c.*, row_number() OVER (PARTITION BY coalesce(c.ticket_id, c.contact_id) ORDER BY contacted_at, contact_id) AS number,
        lead(contacted_at) OVER (PARTITION BY coalesce(c.ticket_id, c.contact_id) ORDER BY contacted_at, contact_id) AS next_at
    FROM contact c),
judged AS (
    SELECT n.contacted_day, CASE
        WHEN n.ticket_id IS NULL THEN coalesce(n.resolved, FALSE)
        ELSE n.number = 1 AND t.first_resolved_at IS NOT NULL AND (n.next_at IS NULL OR n.next_at > t.first_resolved_at)
            AND coalesce(t.reopened_at > t.first_resolved_at + INTERVAL 7 DAY, TRUE) END AS settled
    FROM numbered n LEFT JOIN ticket t ON t.ticket_id = n.ticket_id)
SELECT 100.0 * count(*) FILTER (settled) / nullif(count(*), 0) FROM judged WHERE contacted_day >= $start AND contacted_day < $end
