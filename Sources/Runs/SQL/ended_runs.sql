-- What ended between $1 and $2, by agent and job type; with $3 or $4 only that agent, that job type. Runs that ended before
-- the column existed are not among them.
SELECT
    agent_name,
    job_type,
    count(*)                                                          AS finished,
    count(*) FILTER (WHERE status IN ('failure', 'timeout'))          AS failed,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY duration_ms)         AS p95_ms,
    coalesce(sum(nullif(document ->> 'api_retry_count', '0')::bigint), 0)::bigint AS retries
FROM agent_run
WHERE ended_at >= $1 AND ended_at < $2
  AND ($3::text IS NULL OR agent_name = $3)
  AND ($4::text IS NULL OR job_type = $4)
GROUP BY agent_name, job_type
ORDER BY agent_name, job_type
