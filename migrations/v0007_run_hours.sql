-- How many runs were created in each hour: "in the last 24 hours" was counted over all of those runs whenever it was
-- asked. The value is the hour in UTC, `2026-11-25T10`; an hour that ended two days ago is asked by nobody.

ALTER TABLE agent_run_tally DROP CONSTRAINT agent_run_tally_facet_check;
ALTER TABLE agent_run_tally ADD CONSTRAINT agent_run_tally_facet_check
    CHECK (facet IN ('agent_name', 'job_type', 'created_hour'));

INSERT INTO agent_run_tally (facet, value_key, value, runs)
SELECT
    'created_hour',
    -- As the loader makes keys: the first half of the SHA-256 of the length, in eight bytes, and the text.
    encode(substring(sha256('\x0d00000000000000'::bytea || convert_to(hour, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid,
    hour,
    count(*)
FROM (
    SELECT to_char(created_order AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24') AS hour
    FROM agent_run
    WHERE created_order > now() - interval '2 days'
) AS recent
GROUP BY hour;
