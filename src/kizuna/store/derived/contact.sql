-- A contact was the last word when it is its ticket's first and the ticket was settled at first contact;
-- without a ticket we know what the file says.
SELECT c.place,
    CASE WHEN t.ticket_id IS NULL THEN c.resolved ELSE c.number = 1 AND t.settled_first END AS settled_first
FROM (
    SELECT rowid AS place, ticket_id, resolved,
        row_number() OVER (PARTITION BY ticket_id ORDER BY contacted_at, row_key) AS number
    FROM contact) c
LEFT JOIN ticket t ON t.ticket_id = c.ticket_id
