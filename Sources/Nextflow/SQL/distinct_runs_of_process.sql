-- How many run ids completed a process in a window.
-- $1, $2: the window, both inclusive, null where it is open; $3: process.
SELECT count(DISTINCT run.run_id)
FROM (
    SELECT DISTINCT run_key
    FROM completion
    WHERE process = $3::text
      AND utc_time >= coalesce($1::timestamptz, '-infinity')
      AND utc_time <= coalesce($2::timestamptz, 'infinity')
) c
JOIN run USING (run_key)
