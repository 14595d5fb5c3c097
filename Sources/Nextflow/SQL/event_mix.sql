-- How often each event occurred in a window, without resends. Edges are whole seconds: the client sends no others.
-- $1, $2: the window, both inclusive, null where it is open.
SELECT e.event, sum(e.rows)::bigint AS rows
FROM rollup_window($1::timestamptz, $2::timestamptz) w
CROSS JOIN LATERAL (
    SELECT r.event, r.rows
    FROM event_rollup r
    WHERE r.grain = CASE w.grain WHEN 'edge' THEN 'second' ELSE w.grain END
      AND r.bucket >= w.from_time
      AND r.bucket < w.to_time
    OFFSET 0
) e
GROUP BY e.event
ORDER BY rows DESC, e.event
