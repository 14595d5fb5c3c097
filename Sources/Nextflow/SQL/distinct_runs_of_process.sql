-- How many run ids completed a process in a window.
-- $1, $2: the window, both inclusive, null where it is open; $3: process.
SELECT count(DISTINCT i.run_id)
FROM (
    SELECT DISTINCT run_key
    FROM completion
    WHERE process = $3::text
      AND utc_time >= coalesce($1::timestamptz, '-infinity')
      AND utc_time <= coalesce($2::timestamptz, 'infinity')
) c
CROSS JOIN LATERAL (SELECT run.run_id FROM run WHERE run.run_key = c.run_key OFFSET 0) i
