-- How many run ids have a completion in a window.
-- $1, $2: the window, both inclusive, null where it is open.
SELECT count(*)
FROM (
    SELECT r.run_id
    FROM rollup_window($1::timestamptz, $2::timestamptz) w
    CROSS JOIN LATERAL (
        SELECT run_id
        FROM run_rollup
        WHERE grain = w.grain AND bucket >= w.from_time AND bucket < w.to_time
        OFFSET 0
    ) r
    WHERE w.grain <> 'edge'
    UNION
    SELECT i.run_id
    FROM rollup_window($1::timestamptz, $2::timestamptz) w
    CROSS JOIN LATERAL (
        SELECT DISTINCT run_key
        FROM completion
        WHERE utc_time >= w.from_time AND utc_time < w.to_time
        OFFSET 0
    ) c
    CROSS JOIN LATERAL (SELECT run.run_id FROM run WHERE run.run_key = c.run_key OFFSET 0) i
    WHERE w.grain = 'edge'
) AS ids
