-- How many run ids have a completion of an executor, or of a machine type, in a window.
-- $1, $2: the window, both inclusive, null where it is open; $3: process; $4: executor; $5: machine type; null for all.
SELECT count(DISTINCT run.run_id)
FROM (
    SELECT run_key, process, utc_time
    FROM completion
    WHERE executor = $4::text AND ($5::text IS NULL OR machine_type = $5)
    UNION ALL
    SELECT run_key, process, utc_time
    FROM completion
    WHERE $4::text IS NULL AND machine_type = $5::text
) c
JOIN run USING (run_key)
WHERE c.utc_time >= coalesce($1::timestamptz, '-infinity')
  AND c.utc_time <= coalesce($2::timestamptz, 'infinity')
  AND ($3::text IS NULL OR c.process = $3)
