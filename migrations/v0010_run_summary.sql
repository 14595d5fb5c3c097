-- How many runs each agent has of each job type in each status, and when the newest of them got it: what people watch
-- their agents by, at each scrape. The value is a JSON array of the three; `runs` moves from one to another when a run
-- gets another status.
ALTER TABLE agent_run_tally ADD COLUMN last_at timestamptz;  -- only with agent_job_status

ALTER TABLE agent_run_tally DROP CONSTRAINT agent_run_tally_facet_check;
ALTER TABLE agent_run_tally ADD CONSTRAINT agent_run_tally_facet_check
    CHECK (facet IN ('agent_name', 'job_type', 'created_hour', 'agent_job_status'));

INSERT INTO agent_run_tally (facet, value_key, value, runs, last_at)
SELECT
    'agent_job_status',
    -- As the loader makes keys: the first half of the SHA-256 of the length, in eight bytes, and the text.
    encode(substring(sha256(
        set_byte(set_byte(set_byte('\x0000000000000000'::bytea,
            0, octet_length(value) & 255), 1, (octet_length(value) >> 8) & 255), 2, (octet_length(value) >> 16) & 255)
        || convert_to(value, 'UTF8')
    ) FROM 1 FOR 16), 'hex')::uuid,
    value, runs, last_at
FROM (
    SELECT
        '[' || to_json(agent_name) || ',' || to_json(job_type) || ',' || to_json(status) || ']' AS value,
        count(*) AS runs,
        max(least(created_order, received_at)) AS last_at
    FROM agent_run
    GROUP BY 1
) AS kinds;
