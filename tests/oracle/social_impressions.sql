-- Σ times posts were shown.
SELECT sum(impressions)::DOUBLE FROM social_post WHERE published_day >= $start AND published_day < $end
