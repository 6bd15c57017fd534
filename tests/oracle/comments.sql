-- Σ comments that were reported.
SELECT sum(comments)::DOUBLE FROM social_post WHERE published_day >= $start AND published_day < $end
