UPDATE stage t
SET status = s.status, started_at = s.started_at, finished_at = s.finished_at, is_skipped = s.skipped,
    retry_attempt = s.attempt, next_retry_at = s.next_retry_at
FROM unnest(
    $1::bigint[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::boolean[], $6::bigint[], $7::timestamptz[]
) AS s (id, status, started_at, finished_at, skipped, attempt, next_retry_at)
WHERE t.id = s.id
