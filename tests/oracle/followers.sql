-- The last count of each account in the period, added up.
SELECT sum(followers)::DOUBLE FROM (
    SELECT max_by(followers, day) AS followers FROM social_account WHERE day >= $start AND day < $end GROUP BY network, account)
