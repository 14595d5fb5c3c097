-- Updates the columns of a run that can change; all others keep the values of its first body.
UPDATE agent_run r
SET status = c.status,
    git_commit_hash = c.git_commit_hash,
    document = c.document::json
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
    AS c (event_key, status, git_commit_hash, document)
WHERE r.event_key = c.event_key
