-- Mean seconds inside business hours (09–18 Tokyo time, Monday to Friday, not on holidays) from opening to the first human reply.
WITH
asked AS (
    SELECT ticket_id, opened_at + INTERVAL 9 HOUR AS since, first_response_at + INTERVAL 9 HOUR AS until
    FROM ticket WHERE first_response_day >= $start AND first_response_day < $end),
each_day AS (SELECT *, unnest(generate_series(since::DATE::TIMESTAMP, until, INTERVAL 1 DAY)) AS day FROM asked),
inside AS (
    SELECT ticket_id, CASE
        WHEN isodow(day) > 5 OR day::DATE IN ('2026-01-01', '2026-02-11', '2026-02-23') THEN 0
        ELSE greatest(0, epoch(least(until, day + INTERVAL 18 HOUR)) - epoch(greatest(since, day + INTERVAL 9 HOUR))) END AS seconds
    FROM each_day)
SELECT avg(seconds) FROM (SELECT sum(seconds) AS seconds FROM inside GROUP BY ticket_id)
