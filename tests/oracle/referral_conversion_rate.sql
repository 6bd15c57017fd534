-- 100 × people referred in the period who became customers (whenever) / people referred in it.
SELECT 100.0 * count(converted_at) / nullif(count(*), 0) FROM referral WHERE referred_day >= $start AND referred_day < $end
