-- Clicks on elements, links, products and promotions. Zero within the span of days the events cover, no value outside it.
SELECT count(*) FILTER (name IN ('Element Clicked', 'Link Clicked', 'Product Clicked', 'Promotion Clicked') AND occurred_day >= $start AND occurred_day < $end)
FROM event HAVING min(occurred_day) < $end AND max(occurred_day) >= $start
