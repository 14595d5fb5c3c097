-- Notes which runs the ids of a batch stand for, and which of them nobody has told yet. An id whose run is known keeps it,
-- unless a call tells a lesser one. Clients give an id to one run only; of an id that two runs have, calls belong to the
-- run that was known when they were applied.
-- $1: ids, each once; $2, $3, $4: their runs or null; $5: when they arrived.
INSERT INTO tower_workflow AS w (workflow_id, run_key, run_id, run_name, seen_at)
SELECT *
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
    AS n (workflow_id, run_key, run_id, run_name, seen_at)
ORDER BY n.workflow_id
ON CONFLICT (workflow_id) DO UPDATE SET
    run_key  = excluded.run_key,
    run_id   = excluded.run_id,
    run_name = excluded.run_name
WHERE w.run_key IS NULL AND excluded.run_key IS NOT NULL
   OR excluded.run_key < w.run_key
