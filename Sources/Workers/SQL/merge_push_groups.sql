-- Groups that pushes concern; of two pushes the one with the later id counts, in whatever order they are applied.
-- $1: keys, $2: labels, $3: ids of the last pushes, $4: until when they are shown, $5: ids of the last failures,
-- $6: ids of the last replacements of everything, $7: ids of the last deletions. An id is 0 when there is none.
INSERT INTO push_group AS g (
    group_key, labels, pushed_id, expires_at, failed_id, cleared_id, deleted_id, changed_xid
)
SELECT
    n.group_key, n.labels::json, n.pushed_id, n.expires_at::timestamptz, n.failed_id, n.cleared_id, n.deleted_id,
    pg_current_xact_id()
FROM unnest(
    $1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[]
) AS n (group_key, labels, pushed_id, expires_at, failed_id, cleared_id, deleted_id)
ORDER BY n.group_key
ON CONFLICT (group_key) DO UPDATE SET
    -- Of the last push or failure: a group that only ever failed goes, too.
    expires_at = CASE
        WHEN greatest(excluded.pushed_id, excluded.failed_id) > greatest(g.pushed_id, g.failed_id)
            THEN excluded.expires_at
        ELSE g.expires_at
    END,
    pushed_id = greatest(excluded.pushed_id, g.pushed_id),
    failed_id = greatest(excluded.failed_id, g.failed_id),
    cleared_id = greatest(excluded.cleared_id, g.cleared_id),
    deleted_id = greatest(excluded.deleted_id, g.deleted_id),
    changed_xid = excluded.changed_xid
