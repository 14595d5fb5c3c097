-- Nextflow runs by state: ended ones by their stored outcome, the others by their state now, where a run is stale that is
-- silent for 24 hours, or for 190 seconds when Tower's client tells of it.
SELECT outcome AS state, count(*) AS runs
FROM run
WHERE outcome IS NOT NULL
GROUP BY outcome
UNION ALL
SELECT run_state(r, now(), '{24 hours,190 seconds}'::interval[]), count(*)
FROM run r
WHERE r.completed_utc IS NULL OR r.segment_start > r.completed_segment
GROUP BY 1
ORDER BY runs DESC, state
