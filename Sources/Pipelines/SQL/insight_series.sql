-- What began and ended in each bucket of $3 seconds from $1 to $2: at most $4 of each, the newest; `oldest` says since when
-- they are, `n` how many.
SELECT
    'created' AS what, date_bin($3::bigint * interval '1 second', at, $1::timestamptz) AS start, count(*) AS n,
    0::bigint AS completed, 0::bigint AS failed, min(at) AS oldest
FROM (
    SELECT created_at AS at FROM pipeline WHERE created_at >= $1::timestamptz AND created_at < $2::timestamptz
    ORDER BY created_at DESC LIMIT $4::bigint
) p
GROUP BY 2
UNION ALL
SELECT
    'ended', date_bin($3::bigint * interval '1 second', at, $1::timestamptz), count(*),
    count(*) FILTER (WHERE lower(status) = 'completed'), count(*) FILTER (WHERE lower(status) = 'failed'), min(at)
FROM (
    SELECT finished_at AS at, status FROM pipeline
    WHERE finished_at IS NOT NULL AND finished_at >= $1::timestamptz AND finished_at < $2::timestamptz
    ORDER BY finished_at DESC LIMIT $4::bigint
) p
GROUP BY 2
UNION ALL
SELECT
    'stages', date_bin($3::bigint * interval '1 second', at, $1::timestamptz), count(*),
    count(*) FILTER (WHERE lower(status) = 'completed'), count(*) FILTER (WHERE lower(status) = 'failed'), min(at)
FROM (
    SELECT finished_at AS at, status FROM stage
    WHERE finished_at IS NOT NULL AND finished_at >= $1::timestamptz AND finished_at < $2::timestamptz
    ORDER BY finished_at DESC LIMIT $4::bigint
) s
GROUP BY 2
