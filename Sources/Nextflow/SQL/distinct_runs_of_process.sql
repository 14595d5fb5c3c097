-- How many run ids completed a process in a window. Only runs that did so both before and after the window have to be
-- looked up.
-- $1, $2: the window, both inclusive, null where it is open; $3: process.
SELECT count(DISTINCT p.run_id)
FROM run_process p
WHERE p.process = $3::text
  AND p.last_utc >= coalesce($1::timestamptz, '-infinity')
  AND p.first_utc <= coalesce($2::timestamptz, 'infinity')
  AND (
    p.first_utc >= coalesce($1::timestamptz, '-infinity')
    OR p.last_utc <= coalesce($2::timestamptz, 'infinity')
    OR EXISTS (
        SELECT
        FROM completion c
        WHERE c.run_key = p.run_key
          AND c.process = p.process
          AND c.utc_time >= $1::timestamptz
          AND c.utc_time <= $2::timestamptz
    )
  )
