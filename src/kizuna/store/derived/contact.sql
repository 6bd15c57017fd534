-- A contact was the last word when it is its ticket's only one and the ticket stayed resolved; without a
-- ticket we know what the file says.
SELECT c.rowid AS place,
    CASE WHEN t.ticket_id IS NULL THEN c.resolved ELSE t.contacts = 1 AND t.settled_first END AS settled_first
FROM contact c LEFT JOIN ticket t ON t.ticket_id = c.ticket_id
