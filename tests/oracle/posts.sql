-- Posts published. Zero within the span of days they cover, no value outside it.
SELECT count(*) FILTER (published_day >= $start AND published_day < $end)
FROM social_post HAVING min(published_day) < $end AND max(published_day) >= $start
