-- Runs that have begun and not ended, the oldest first, at most $1; and how long such runs usually take: the 95th percentile
-- of the last 20 that succeeded, among the last 1,000 of their agent.
WITH open AS (
    SELECT event_id, agent_name, job_type, coalesce(start_instant, created_order) AS started_at,
           document ->> 'updated_at' AS updated_at, document ->> 'product' AS project, run_id
    FROM agent_run
    WHERE status = 'running'
    ORDER BY created_order
    LIMIT $1
), kind AS (
    SELECT DISTINCT agent_name, job_type FROM open
), usual AS (
    SELECT k.agent_name, k.job_type, u.p95_ms, u.runs
    FROM kind k
    CROSS JOIN LATERAL (
        SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95_ms, count(*) AS runs
        FROM (
            SELECT duration_ms
            FROM (
                SELECT r.job_type, r.status, r.duration_ms, r.created_order
                FROM agent_run r
                WHERE index_prefix(r.agent_name) = index_prefix(k.agent_name) AND r.agent_name = k.agent_name
                ORDER BY r.created_order DESC
                LIMIT 1000
            ) recent
            WHERE recent.job_type = k.job_type AND recent.status = 'success' AND recent.duration_ms IS NOT NULL
            ORDER BY recent.created_order DESC
            LIMIT 20
        ) last
    ) u
)
SELECT o.event_id, o.run_id, o.agent_name, o.job_type, o.started_at, o.updated_at, o.project, u.p95_ms, u.runs
FROM open o
JOIN usual u USING (agent_name, job_type)
ORDER BY o.started_at, o.event_id
