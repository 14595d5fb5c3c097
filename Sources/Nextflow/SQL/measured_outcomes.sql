-- How the runs of each project ended in a window. A run that began more than 90 days before the window is not found.
-- $1, $2: the window, both inclusive, null where it is open.
SELECT
    e.project_name,
    count(*) FILTER (WHERE e.outcome = 'succeeded') AS runs_succeeded,
    count(*) FILTER (WHERE e.outcome = 'failed') AS runs_failed,
    count(*) FILTER (WHERE e.outcome = 'aborted') AS runs_aborted
FROM unnest('{succeeded,failed,aborted}'::text[]) AS o (outcome)
CROSS JOIN LATERAL (
    SELECT k.outcome, k.project_name
    FROM run k
    WHERE k.outcome = o.outcome
      AND k.first_utc >= coalesce($1::timestamptz, '-infinity') - interval '90 days'
      AND k.first_utc <= coalesce($2::timestamptz, 'infinity')
      AND k.completed_utc >= coalesce($1::timestamptz, '-infinity')
      AND k.completed_utc <= coalesce($2::timestamptz, 'infinity')
    OFFSET 0
) e
GROUP BY e.project_name
ORDER BY e.project_name
