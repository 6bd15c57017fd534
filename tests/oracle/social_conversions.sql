-- Σ goals reached through posts that were reported.
SELECT sum(conversions)::DOUBLE FROM social_post WHERE published_day >= $start AND published_day < $end
