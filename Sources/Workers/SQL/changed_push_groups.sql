-- Groups that a transaction from $1 on has changed, with their metrics: one row for each metric, or one without.
SELECT
    g.group_key, g.labels::text AS labels, r.runtime_id, g.pushed_id, g.expires_at, g.failed_id, g.cleared_id,
    g.deleted_id, f.pushed_id AS family_pushed_id, f.expires_at AS family_expires_at, f.family::text AS family
FROM push_group g
LEFT JOIN component r ON r.component_type = 'broker' AND r.name = g.labels ->> 'job'
LEFT JOIN push_family f ON f.group_key = g.group_key AND f.pushed_id >= g.cleared_id
WHERE g.changed_xid >= $1::text::xid8
ORDER BY g.group_key
