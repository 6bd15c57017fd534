-- Σ saves that were reported.
SELECT sum(saves)::DOUBLE FROM social_post WHERE published_day >= $start AND published_day < $end
