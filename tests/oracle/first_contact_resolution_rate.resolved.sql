-- The same over tickets resolved in the period: 100 × tickets that took one contact and were not opened again within 7 days / tickets.
WITH judged AS (
    SELECT t.resolved_day, (SELECT count(*) FROM contact c WHERE c.ticket_id = t.ticket_id AND c.contacted_at <= t.first_resolved_at) <= 1
        AND coalesce(t.reopened_at > t.first_resolved_at + INTERVAL 7 DAY, TRUE) AS settled
    FROM ticket t WHERE t.resolved_at IS NOT NULL)
SELECT 100.0 * count(*) FILTER (settled) / nullif(count(*), 0) FROM judged WHERE resolved_day >= $start AND resolved_day < $end
