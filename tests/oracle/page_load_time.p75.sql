-- 75th percentile (interpolated) of the seconds a page took to load.
SELECT quantile_cont(load_seconds, 0.75) FROM event WHERE name = 'Page Viewed' AND occurred_day >= $start AND occurred_day < $end
