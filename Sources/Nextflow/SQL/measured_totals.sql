-- What ended in a window. A run that began more than 90 days before the window is not found.
-- $1, $2: the window, both inclusive, null where it is open.
SELECT r.*, t.*
FROM (
    SELECT
        count(*) FILTER (WHERE e.outcome = 'succeeded') AS runs_succeeded,
        count(*) FILTER (WHERE e.outcome = 'failed') AS runs_failed,
        count(*) FILTER (WHERE e.outcome = 'aborted') AS runs_aborted
    FROM unnest('{succeeded,failed,aborted}'::text[]) AS o (outcome)
    CROSS JOIN LATERAL (
        SELECT k.outcome
        FROM run k
        WHERE k.outcome = o.outcome
          AND k.first_utc >= coalesce($1::timestamptz, '-infinity') - interval '90 days'
          AND k.first_utc <= coalesce($2::timestamptz, 'infinity')
          AND k.completed_utc >= coalesce($1::timestamptz, '-infinity')
          AND k.completed_utc <= coalesce($2::timestamptz, 'infinity')
        OFFSET 0
    ) e
) r
CROSS JOIN (
    SELECT
        coalesce(sum(rows), 0)::bigint AS completions,
        coalesce(sum(rows) FILTER (WHERE status = 'COMPLETED'), 0)::bigint AS succeeded,
        coalesce(sum(rows) FILTER (WHERE status = 'FAILED'), 0)::bigint AS failed,
        coalesce(sum(rows) FILTER (WHERE status = 'FAILED' AND error_action NOT IN ('RETRY', 'IGNORE')), 0)::bigint
            AS failed_for_good,
        coalesce(sum(rows) FILTER (WHERE status = 'FAILED' AND error_action = 'IGNORE'), 0)::bigint AS ignored,
        coalesce(sum(rows) FILTER (WHERE status = 'ABORTED'), 0)::bigint AS aborted,
        coalesce(sum(rows) FILTER (WHERE status = 'CACHED'), 0)::bigint AS cached,
        coalesce(sum(rows) FILTER (WHERE attempt > 1), 0)::bigint AS retried
    FROM completion_facts($1::timestamptz, $2::timestamptz, NULL, NULL)
) t
