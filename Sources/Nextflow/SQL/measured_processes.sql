-- What every process did in a window. Counts come from the rollups; the project and the durations from the newest
-- completions of the process in the window, since no rollup has them: $3 successful ones of each attempt at most.
-- $1, $2: the window, both inclusive, null where it is open; $3: how many durations, 0 for none.
WITH grouped AS MATERIALIZED (
    SELECT process, attempt, status, error_action, sum(rows)::bigint AS rows, max(last_utc) AS last_utc
    FROM completion_facts($1::timestamptz, $2::timestamptz, NULL, NULL)
    GROUP BY process, attempt, status, error_action
), counted AS MATERIALIZED (
    SELECT
        process,
        sum(rows)::bigint AS completions,
        coalesce(sum(rows) FILTER (WHERE status = 'COMPLETED'), 0)::bigint AS succeeded,
        coalesce(sum(rows) FILTER (WHERE status = 'FAILED'), 0)::bigint AS failed,
        coalesce(sum(rows) FILTER (WHERE status = 'FAILED' AND error_action NOT IN ('RETRY', 'IGNORE')), 0)::bigint
            AS failed_for_good,
        coalesce(sum(rows) FILTER (WHERE status = 'FAILED' AND error_action = 'IGNORE'), 0)::bigint AS ignored,
        coalesce(sum(rows) FILTER (WHERE status = 'ABORTED'), 0)::bigint AS aborted,
        coalesce(sum(rows) FILTER (WHERE status = 'CACHED'), 0)::bigint AS cached,
        coalesce(sum(rows) FILTER (WHERE attempt > 1), 0)::bigint AS retried
    FROM grouped
    GROUP BY process
), attempts AS MATERIALIZED (
    SELECT process, attempt, bool_or(status = 'COMPLETED') AS has_succeeded, max(last_utc) AS last_utc
    FROM grouped
    GROUP BY process, attempt
), sampled AS MATERIALIZED (
    SELECT
        a.process,
        count(c.realtime_ms) AS durations,
        avg(c.realtime_ms) AS mean_ms,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY c.realtime_ms) AS p95_ms
    FROM attempts a
    -- OFFSET 0 keeps the join a nested loop over the index.
    CROSS JOIN LATERAL (
        SELECT k.realtime_ms
        FROM (
            SELECT i.status, i.realtime_ms
            FROM completion i
            WHERE i.process = a.process
              AND i.attempt = a.attempt
              AND i.utc_time >= coalesce($1::timestamptz, '-infinity')
              AND i.utc_time <= coalesce($2::timestamptz, 'infinity')
            ORDER BY i.utc_time DESC
            LIMIT $3::bigint
        ) k
        WHERE k.status = 'COMPLETED'
        OFFSET 0
    ) c
    WHERE a.has_succeeded
    GROUP BY a.process
)
SELECT n.*, s.durations, s.mean_ms, s.p95_ms, r.project_name
FROM counted n
LEFT JOIN sampled s ON s.process = n.process
-- The run of the newest completion.
LEFT JOIN LATERAL (
    SELECT a.attempt FROM attempts a WHERE a.process = n.process ORDER BY a.last_utc DESC LIMIT 1
) l ON true
LEFT JOIN LATERAL (
    SELECT nullif(run.project_name, '') AS project_name
    FROM (
        SELECT i.run_key
        FROM completion i
        WHERE i.process = n.process
          AND i.attempt = l.attempt
          AND i.utc_time <= coalesce($2::timestamptz, 'infinity')
        ORDER BY i.utc_time DESC
        LIMIT 1
    ) newest
    JOIN run ON run.run_key = newest.run_key
    OFFSET 0
) r ON true
ORDER BY n.process
