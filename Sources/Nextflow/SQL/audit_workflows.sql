-- Runs of Nextflow by how they stand: what has ended from its stored outcome, the rest as it looks now, a run that is
-- silent for 24 hours being stale.
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
