-- 100 × the change of followers / the count it began with, both added up over accounts.
WITH each AS (
    SELECT max_by(followers, day) FILTER (day >= $start) AS last,
        coalesce(max_by(followers, day) FILTER (day < $start), min_by(followers, day) FILTER (day >= $start)) AS first
    FROM social_account WHERE day < $end GROUP BY network, account)
SELECT 100.0 * sum(last - first)::DOUBLE / nullif(sum(first), 0) FROM each WHERE last IS NOT NULL
