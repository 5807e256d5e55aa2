-- dead_letter_reasons
-- Reasons by count, with how many came within the last hour.
SELECT reason, count(*), count(*) FILTER (WHERE received_at > now() - interval '1 hour')
FROM dead_letters
GROUP BY reason
ORDER BY count(*) DESC, reason
