-- Tower: what Nextflow's Tower client tells. Its runs, tasks and completions are the weblog's; here is what is its own.

-- Every call as it arrived. Partitioned by the UTC day of arrival, like `telemetry`.
CREATE TABLE tower_call (
    received_at  timestamptz NOT NULL,
    journal_id   uuid        NOT NULL,
    seq          bigint      NOT NULL,  -- the line of that journal
    workflow_id  text        NOT NULL COLLATE "C",
    workspace_id bigint,
    call         text        NOT NULL COLLATE "C",  -- create, begin, progress, heartbeat, complete, patch
    instant      timestamptz NOT NULL,  -- the sender's clock
    is_resend    boolean     NOT NULL,  -- the same body had arrived within ten minutes
    altered      boolean     NOT NULL,  -- a value that PostgreSQL cannot store was replaced
    body         jsonb       NOT NULL  -- the line of the journal
) PARTITION BY RANGE (received_at);

CREATE INDEX tower_call_workflow ON tower_call (workflow_id, received_at);

-- Which run an id stands for. Null until a call has told it: of two that tell different ones, the lesser run_key stays.
CREATE TABLE tower_workflow (
    workflow_id text        PRIMARY KEY COLLATE "C",
    run_key     uuid,
    run_id      text        COLLATE "C",
    run_name    text        COLLATE "C",
    seen_at     timestamptz NOT NULL  -- when its first call arrived
);

CREATE INDEX tower_workflow_run ON tower_workflow (run_key);
CREATE INDEX tower_workflow_unknown ON tower_workflow (seen_at) WHERE run_key IS NULL;

-- Calls that came before any call that told their run: from another Weir, or for a database that was replaced.
CREATE TABLE tower_pending (
    workflow_id text        NOT NULL COLLATE "C",
    journal_id  uuid        NOT NULL,
    seq         bigint      NOT NULL,
    received_at timestamptz NOT NULL,
    body        text        NOT NULL,
    PRIMARY KEY (workflow_id, journal_id, seq)
);

CREATE INDEX tower_pending_age ON tower_pending (received_at);

-- What only Tower's client tells of a run. Each group of columns belongs to the latest call by (instant, digest).
CREATE TABLE run_tower (
    run_key         uuid        PRIMARY KEY,
    workflow_id     text        NOT NULL COLLATE "C",
    workspace_id    bigint,
    progress        jsonb,
    progress_at     timestamptz,
    progress_digest uuid,
    process_names   jsonb,
    dag             jsonb,
    launched        boolean,      -- whether Tower's platform had launched it
    begin_at        timestamptz,
    begin_digest    uuid,
    config_text     text,
    config_at       timestamptz,
    config_digest   uuid,
    metrics         jsonb,
    metrics_at      timestamptz,
    metrics_digest  uuid
) WITH (fillfactor = 80);

CREATE INDEX run_tower_workspace ON run_tower (workspace_id) WHERE workspace_id IS NOT NULL;

-- The latest event of each client. The silence of Tower's means more than that of the weblog.
ALTER TABLE run
    ADD COLUMN tower_utc  timestamptz,
    ADD COLUMN weblog_utc timestamptz;

ALTER TABLE task
    ADD COLUMN executor           text COLLATE "C",
    ADD COLUMN machine_type       text COLLATE "C",
    ADD COLUMN cloud_zone         text COLLATE "C",
    ADD COLUMN price_model        text COLLATE "C",
    ADD COLUMN spot_interruptions integer,
    -- Which call of Tower's client tells most of the task: its time of arrival, microseconds since 1970, and above its 56
    -- bits the rank of the status that it tells. Null for a task that the weblog alone has told.
    ADD COLUMN tower_told         bigint;

-- Tower's API searches for the beginnings of names, in letters of either case.
CREATE INDEX run_name_begins ON run (lower(run_name));
CREATE INDEX run_project_begins ON run (lower(project_name));

-- The images that Wave built or copied for a run; each row belongs to the latest call by (instant, digest).
CREATE TABLE run_container (
    run_key    uuid        NOT NULL,
    request_id text        NOT NULL COLLATE "C",
    container  jsonb       NOT NULL,  -- as it was sent
    told_at    timestamptz NOT NULL,
    digest     uuid        NOT NULL,
    PRIMARY KEY (run_key, request_id)
);

-- Where an attempt ran, told by Tower's client alone: for the filters of the process metrics.
ALTER TABLE completion
    ADD COLUMN executor     text COLLATE "C",
    ADD COLUMN machine_type text COLLATE "C";

CREATE INDEX completion_executor ON completion (executor, utc_time) WHERE executor IS NOT NULL;
CREATE INDEX completion_machine_type ON completion (machine_type, utc_time) WHERE machine_type IS NOT NULL;

CREATE OR REPLACE VIEW completion_fact AS
SELECT
    run_key, completion_key, telemetry_id, utc_time, has_process, process, attempt, status, exit, error_action,
    1::bigint AS rows,
    (cpus IS NOT NULL)::int::bigint        AS cpus_n,        coalesce(cpus::numeric, 0)        AS cpus,
    (memory IS NOT NULL)::int::bigint      AS memory_n,      coalesce(memory::numeric, 0)      AS memory,
    (time_ms IS NOT NULL)::int::bigint     AS time_ms_n,     coalesce(time_ms::numeric, 0)     AS time_ms,
    (pct_cpu IS NOT NULL)::int::bigint     AS pct_cpu_n,     coalesce(pct_cpu::numeric, 0)     AS pct_cpu,
    (pct_mem IS NOT NULL)::int::bigint     AS pct_mem_n,     coalesce(pct_mem::numeric, 0)     AS pct_mem,
    (peak_rss IS NOT NULL)::int::bigint    AS peak_rss_n,    coalesce(peak_rss::numeric, 0)    AS peak_rss,
    (read_bytes IS NOT NULL)::int::bigint  AS read_bytes_n,  coalesce(read_bytes::numeric, 0)  AS read_bytes,
    (write_bytes IS NOT NULL)::int::bigint AS write_bytes_n, coalesce(write_bytes::numeric, 0) AS write_bytes,
    coalesce(pct_cpu IS NOT NULL AND cpus > 0, false)::int::bigint    AS cpu_eff_n,
    coalesce(pct_cpu::numeric / nullif(greatest(cpus, 0)::numeric * 100, 0), 0) AS cpu_eff,
    coalesce(peak_rss IS NOT NULL AND memory > 0, false)::int::bigint AS memory_eff_n,
    coalesce(peak_rss::numeric / nullif(greatest(memory, 0)::numeric, 0), 0)    AS memory_eff,
    executor, machine_type
FROM completion;

-- The completions of a window as rows of the rollup, with as few rows as can be: whole buckets, and single completions
-- at the edges. No rollup knows where an attempt ran: with `only_executor` or `only_machine_type` every completion of the
-- window is a row.
DROP FUNCTION completion_facts (timestamptz, timestamptz, text, text, grain);
CREATE FUNCTION completion_facts(
    since timestamptz, until timestamptz, only_run_name text, only_process text, coarsest grain DEFAULT 'year',
    only_executor text DEFAULT NULL, only_machine_type text DEFAULT NULL
) RETURNS SETOF completion_rollup
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT r.*
    FROM rollup_window(since, until, 'hour', coarsest) w
    CROSS JOIN LATERAL (
        SELECT *
        FROM completion_rollup c
        WHERE c.grain = w.grain AND c.bucket >= w.from_time AND c.bucket < w.to_time
        OFFSET 0
    ) r
    WHERE only_run_name IS NULL
      AND only_process IS NULL
      AND only_executor IS NULL
      AND only_machine_type IS NULL
      AND w.grain <> 'edge'
    UNION ALL
    SELECT r.*
    FROM rollup_window(since, until, 'hour', coarsest) w
    CROSS JOIN LATERAL (
        SELECT *
        FROM completion_rollup c
        WHERE c.process = only_process
          AND c.grain = w.grain AND c.bucket >= w.from_time AND c.bucket < w.to_time
        OFFSET 0
    ) r
    WHERE only_run_name IS NULL
      AND only_process IS NOT NULL
      AND only_executor IS NULL
      AND only_machine_type IS NULL
      AND w.grain <> 'edge'
    UNION ALL
    SELECT
        'edge'::grain, f.utc_time, f.has_process, f.process, f.attempt, f.status, f.exit, f.error_action,
        f.rows, f.utc_time,
        f.cpus_n, f.cpus, f.memory_n, f.memory, f.time_ms_n, f.time_ms, f.pct_cpu_n, f.pct_cpu,
        f.pct_mem_n, f.pct_mem, f.peak_rss_n, f.peak_rss, f.read_bytes_n, f.read_bytes,
        f.write_bytes_n, f.write_bytes, f.cpu_eff_n, f.cpu_eff, f.memory_eff_n, f.memory_eff
    FROM rollup_window(since, until, 'hour', coarsest) w
    CROSS JOIN LATERAL (
        SELECT *
        FROM completion_fact c
        WHERE c.utc_time >= w.from_time AND c.utc_time < w.to_time
          AND (only_process IS NULL OR c.process = only_process)
        OFFSET 0
    ) f
    WHERE only_run_name IS NULL
      AND only_executor IS NULL
      AND only_machine_type IS NULL
      AND w.grain = 'edge'
    UNION ALL
    SELECT
        'edge'::grain, f.utc_time, f.has_process, f.process, f.attempt, f.status, f.exit, f.error_action,
        f.rows, f.utc_time,
        f.cpus_n, f.cpus, f.memory_n, f.memory, f.time_ms_n, f.time_ms, f.pct_cpu_n, f.pct_cpu,
        f.pct_mem_n, f.pct_mem, f.peak_rss_n, f.peak_rss, f.read_bytes_n, f.read_bytes,
        f.write_bytes_n, f.write_bytes, f.cpu_eff_n, f.cpu_eff, f.memory_eff_n, f.memory_eff
    FROM run
    CROSS JOIN LATERAL (SELECT * FROM completion_fact c WHERE c.run_key = run.run_key OFFSET 0) f
    WHERE run.run_name = only_run_name
      AND f.utc_time >= coalesce(since, '-infinity')
      AND f.utc_time <= coalesce(until, 'infinity')
      AND (only_process IS NULL OR f.process = only_process)
      AND (only_executor IS NULL OR f.executor = only_executor)
      AND (only_machine_type IS NULL OR f.machine_type = only_machine_type)
    UNION ALL
    SELECT
        'edge'::grain, f.utc_time, f.has_process, f.process, f.attempt, f.status, f.exit, f.error_action,
        f.rows, f.utc_time,
        f.cpus_n, f.cpus, f.memory_n, f.memory, f.time_ms_n, f.time_ms, f.pct_cpu_n, f.pct_cpu,
        f.pct_mem_n, f.pct_mem, f.peak_rss_n, f.peak_rss, f.read_bytes_n, f.read_bytes,
        f.write_bytes_n, f.write_bytes, f.cpu_eff_n, f.cpu_eff, f.memory_eff_n, f.memory_eff
    FROM (
        SELECT *
        FROM completion_fact
        WHERE executor = only_executor AND (only_machine_type IS NULL OR machine_type = only_machine_type)
        UNION ALL
        SELECT *
        FROM completion_fact
        WHERE only_executor IS NULL AND machine_type = only_machine_type
    ) f
    WHERE only_run_name IS NULL
      AND f.utc_time >= coalesce(since, '-infinity')
      AND f.utc_time <= coalesce(until, 'infinity')
      AND (only_process IS NULL OR f.process = only_process)
$$;

-- The state of a run at a moment, after a silence of the weblog or of Tower's client, in this order. The latter sends a
-- heartbeat every minute, so that even a run that has not begun is stale once it is silent. That is measured by the times of
-- arrival: a client's clock may be minutes wrong. Where only the weblog still tells of a run, its silence counts.
CREATE FUNCTION run_state(r run, moment timestamptz, stale_after interval[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN r.tower_utc IS NULL OR r.weblog_utc > r.tower_utc + stale_after[2] THEN run_state(r, moment, stale_after[1])
        WHEN r.last_received_at < moment - stale_after[2]
             AND run_state(r, moment, interval '1000 years') IN ('pending', 'running') THEN 'stale'
        ELSE run_state(r, moment, interval '1000 years')
    END
$$;
