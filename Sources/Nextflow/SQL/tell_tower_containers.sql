-- Keeps the images that Wave built or copied for runs; of an image that is told twice, the latest call by (instant,
-- digest) stays.
-- $1: runs; $2: the images' request ids; $3: the images; $4, $5: instants and digests of the calls.
INSERT INTO run_container AS c (run_key, request_id, container, told_at, digest)
SELECT DISTINCT ON (run_key, request_id) run_key, request_id, container::jsonb, told_at, digest
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::uuid[])
    AS n (run_key, request_id, container, told_at, digest)
ORDER BY run_key, request_id, told_at DESC, digest DESC
ON CONFLICT (run_key, request_id) DO UPDATE SET
    container = excluded.container,
    told_at   = excluded.told_at,
    digest    = excluded.digest
WHERE (excluded.told_at, excluded.digest) > (c.told_at, c.digest)
