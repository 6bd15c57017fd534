-- Σ shares of posts that were reported.
SELECT sum(shares)::DOUBLE FROM social_post WHERE published_day >= $start AND published_day < $end
