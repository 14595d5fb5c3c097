-- How many of the run ids with a run name have a completion (of a process, if one is given) in a window.
-- $1, $2: the window, both inclusive, null where it is open; $3: run name; $4: process, $5: executor, $6: machine type,
-- null for all.
SELECT count(DISTINCT run.run_id)
FROM run
WHERE run.run_name = $3::text
  AND EXISTS (
    SELECT
    FROM completion c
    WHERE c.run_key = run.run_key
      AND c.utc_time >= coalesce($1::timestamptz, '-infinity')
      AND c.utc_time <= coalesce($2::timestamptz, 'infinity')
      AND ($4::text IS NULL OR c.process = $4)
      AND ($5::text IS NULL OR c.executor = $5)
      AND ($6::text IS NULL OR c.machine_type = $6)
  )
