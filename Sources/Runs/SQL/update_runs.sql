-- Updates the columns of a run that can change; all others keep the values of its first body. A run that ends keeps the
-- time of its end, whatever else is said of it later.
UPDATE agent_run r
SET status = c.status,
    git_commit_hash = c.git_commit_hash,
    document = c.document::json,
    start_time = coalesce(c.start_time, r.start_time),
    start_instant = c.start_instant,
    ended_at = CASE WHEN c.status <> 'running' THEN coalesce(c.ended_at, r.ended_at) END,
    duration_ms = CASE WHEN c.status <> 'running' THEN c.duration_ms END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::bigint[])
    AS c (event_key, status, git_commit_hash, document, start_time, start_instant, ended_at, duration_ms)
WHERE r.event_key = c.event_key
