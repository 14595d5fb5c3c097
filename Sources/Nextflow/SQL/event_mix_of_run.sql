-- How often each event of the runs with a name occurred in a window, without resends: from the raw rows, as long as
-- they are kept.
-- $1, $2: the window, both inclusive, null where it is open; $3: run name.
SELECT t.event COLLATE "C" AS event, count(*) AS rows
FROM run
JOIN telemetry t USING (run_key)
WHERE run.run_name = $3::text
  AND t.received_at BETWEEN run.first_received_at AND run.last_received_at
  AND NOT t.is_resend
  AND t.utc_time >= coalesce($1::timestamptz, '-infinity')
  AND t.utc_time <= coalesce($2::timestamptz, 'infinity')
GROUP BY t.event
ORDER BY rows DESC, t.event COLLATE "C"
