-- Adds to the counts of runs, in the order of the keys.
INSERT INTO agent_run_tally AS t (facet, value_key, value, runs, last_at)
SELECT facet, value_key, value, runs, last_at
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::timestamptz[])
    AS c (facet, value_key, value, runs, last_at)
ORDER BY facet, value_key
ON CONFLICT (facet, value_key) DO UPDATE SET
    runs    = t.runs + excluded.runs,
    last_at = greatest(t.last_at, excluded.last_at)
