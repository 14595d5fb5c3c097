-- Groups that were deleted or have expired before $1, and to which nothing has happened since the id $2.
DELETE FROM push_group g
WHERE greatest(g.pushed_id, g.failed_id, g.cleared_id) < $2
  AND (g.deleted_id >= greatest(g.pushed_id, g.failed_id) OR g.expires_at < $1)
  AND NOT EXISTS (SELECT FROM push_family f WHERE f.group_key = g.group_key)
