-- What can change of a run; everything else is its first body's.
UPDATE agent_run r
SET status = c.status,
    git_commit_hash = c.git_commit_hash,
    document = c.document::json
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
    AS c (event_key, status, git_commit_hash, document)
WHERE r.event_key = c.event_key
