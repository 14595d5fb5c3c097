-- The last lines of each stage, through the index on the stage.
SELECT l.stage_id, l.created_at, l.log_level, l.log
FROM stage s
CROSS JOIN LATERAL (
    SELECT * FROM stage_log WHERE stage_id = s.id ORDER BY created_at DESC, id DESC LIMIT $2
) l
WHERE s.pipeline_id = $1
ORDER BY l.stage_id, l.created_at, l.id
