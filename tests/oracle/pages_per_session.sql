-- Pages and screens seen in the period's visits / visits.
SELECT sum(page_views)::DOUBLE / count(*) FROM session WHERE started_day >= $start AND started_day < $end
