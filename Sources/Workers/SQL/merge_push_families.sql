-- Metrics of groups; one that a later push has replaced, or cleared, is not stored.
-- $1: keys of groups, $2: names, $3: ids of pushes, $4: until when they are shown, $5: the metrics as JSON.
INSERT INTO push_family AS f (group_key, metric_name, pushed_id, expires_at, family)
SELECT n.group_key, n.metric_name, n.pushed_id, n.expires_at::timestamptz, n.family::json
FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[])
    AS n (group_key, metric_name, pushed_id, expires_at, family)
JOIN push_group g ON g.group_key = n.group_key AND n.pushed_id >= g.cleared_id
ORDER BY n.group_key, n.metric_name
ON CONFLICT (group_key, metric_name) DO UPDATE SET
    pushed_id = excluded.pushed_id,
    expires_at = excluded.expires_at,
    family = excluded.family
WHERE excluded.pushed_id > f.pushed_id
