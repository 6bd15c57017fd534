-- 100 × promotions clicked / promotions viewed.
SELECT 100.0 * count(*) FILTER (name = 'Promotion Clicked') / nullif(count(*) FILTER (name = 'Promotion Viewed'), 0)
FROM event WHERE occurred_day >= $start AND occurred_day < $end
