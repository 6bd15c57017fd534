-- Σ clicks on posts that were reported.
SELECT sum(clicks)::DOUBLE FROM social_post WHERE published_day >= $start AND published_day < $end
