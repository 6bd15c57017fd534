-- Σ likes that were reported.
SELECT sum(likes)::DOUBLE FROM social_post WHERE published_day >= $start AND published_day < $end
