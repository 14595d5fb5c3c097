-- The newest runs that have not ended, with their tasks, and how long runs of the same project usually take.
-- $1: this moment; $2: after how much silence a run is stale; $3: how many at most.
WITH open AS MATERIALIZED (
    SELECT r.*, run_state(r, $1::timestamptz, $2::interval[]) AS state
    FROM run r
    WHERE r.completed_utc IS NULL OR r.segment_start > r.completed_segment
    ORDER BY r.first_utc DESC
    LIMIT $3::bigint
), usual AS MATERIALIZED (
    SELECT p.project_name, percentile_cont(0.95) WITHIN GROUP (ORDER BY e.duration_ms) AS usual_ms
    FROM (SELECT DISTINCT project_name FROM open WHERE project_name IS NOT NULL) p
    CROSS JOIN LATERAL (
        SELECT coalesce(
            s.duration_ms, extract(epoch FROM t.completed_utc - s.started_utc) * 1000
        )::double precision AS duration_ms
        FROM (
            SELECT l.run_key, l.completed_utc
            -- Of a project whose runs only fail, no more than these are read.
            FROM (
                SELECT f.run_key, f.completed_utc, f.completed_segment, f.outcome, f.first_utc
                FROM run f
                WHERE f.project_name = p.project_name
                ORDER BY f.first_utc DESC
                LIMIT 200
            ) l
            WHERE l.outcome = 'succeeded'
            ORDER BY l.first_utc DESC
            LIMIT 20
        ) t
        CROSS JOIN LATERAL (
            SELECT g.duration_ms, g.started_utc
            FROM run_segment g
            WHERE g.run_key = t.run_key
            ORDER BY g.segment_start DESC
            LIMIT 1
        ) s
        OFFSET 0
    ) e
    GROUP BY p.project_name
)
SELECT
    r.run_id, r.run_name, nullif(r.project_name, '') AS project_name, r.state,
    coalesce(r.started_utc, r.first_utc) AS started_at, r.last_utc,
    coalesce(t.running, 0) AS running, coalesce(t.queued, 0) AS queued, t.oldest_queued_at,
    coalesce(c.failed, 0) AS failed, u.usual_ms
FROM open r
LEFT JOIN usual u ON u.project_name = r.project_name
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE o.started) AS running,
        count(*) FILTER (WHERE NOT o.started) AS queued,
        min(coalesce(o.submit_at, o.first_utc)) FILTER (WHERE NOT o.started) AS oldest_queued_at
    FROM (
        SELECT k.started, k.submitted, k.submit_at, k.first_utc
        FROM task k
        WHERE k.run_key = r.run_key
          AND NOT k.completed
          AND k.status_rank < 5
          AND (k.started OR k.submitted)
          -- Open tasks of an earlier execution are not at work.
          AND k.last_utc >= coalesce(r.started_utc, '-infinity')
        OFFSET 0
    ) o
    -- Nobody works on the tasks of a run that has fallen silent.
    WHERE r.state IN ('running', 'pending')
) t ON true
LEFT JOIN LATERAL (
    SELECT sum(y.failed)::bigint AS failed
    FROM run_rollup y
    WHERE y.run_key = r.run_key AND y.grain = 'year'
    OFFSET 0
) c ON true
ORDER BY r.first_utc DESC, r.run_key DESC
