-- Last count in the period less the last before it (the first in it, for an account not seen before), added up over accounts.
WITH each AS (
    SELECT max_by(followers, day) FILTER (day >= $start) AS last,
        coalesce(max_by(followers, day) FILTER (day < $start), min_by(followers, day) FILTER (day >= $start)) AS first
    FROM social_account WHERE day < $end GROUP BY network, account)
SELECT sum(last - first)::DOUBLE FROM each WHERE last IS NOT NULL
