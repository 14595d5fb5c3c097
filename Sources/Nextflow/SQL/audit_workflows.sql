-- Nextflow runs by state: ended ones by their stored outcome, the others by their state now, where a run that is
-- silent for 24 hours is stale.
SELECT outcome AS state, count(*) AS runs
FROM run
WHERE outcome IS NOT NULL
GROUP BY outcome
UNION ALL
SELECT run_state(r, now(), '24 hours'), count(*)
FROM run r
WHERE r.completed_utc IS NULL OR r.segment_start > r.completed_segment
GROUP BY 1
ORDER BY runs DESC, state
