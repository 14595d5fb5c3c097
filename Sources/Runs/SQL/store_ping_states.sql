-- How the pings of checks stand; the rows of the checks are locked.
INSERT INTO ping_state (
    check_id, last_ping_at, last_kind, last_exit, last_start_at, open_run, open_since, bare_run, bare_at
)
SELECT *
FROM unnest(
    $1::uuid[], $2::timestamptz[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[], $7::timestamptz[], $8::text[],
    $9::timestamptz[]
)
ON CONFLICT (check_id) DO UPDATE SET
    last_ping_at  = excluded.last_ping_at,
    last_kind     = excluded.last_kind,
    last_exit     = excluded.last_exit,
    last_start_at = excluded.last_start_at,
    open_run      = excluded.open_run,
    open_since    = excluded.open_since,
    bare_run      = excluded.bare_run,
    bare_at       = excluded.bare_at
