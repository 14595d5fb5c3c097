-- Nextflow weblog events: the raw stream, and the typed tables that answers are made from.
--
-- `run_key` is derived from (run_id, run_name) by the loader: the first half of a SHA-256, as a uuid. It is in every
-- key, so that key columns have a fixed size whatever a client sends, and so that the large tables can be
-- distributed by run.

-- ---------------------------------------------------------------------------------------------------------- raw

-- Ids are handed out in blocks, one a batch; they order the events that one Weir has loaded.
CREATE SEQUENCE telemetry_id INCREMENT BY 10000;

-- Every event as it arrived. Partitioned by the UTC day of arrival; partitions are made ahead by Weir.
CREATE TABLE telemetry (
    id          bigint      NOT NULL,
    run_id      text        NOT NULL,
    run_name    text        NOT NULL,
    event       text        NOT NULL,
    utc_time    timestamptz NOT NULL,  -- the sender's clock
    metadata_   jsonb       NOT NULL,  -- jsonb null when absent
    trace       jsonb       NOT NULL,  -- jsonb null when absent
    received_at timestamptz NOT NULL,  -- Weir's clock
    journal_id  uuid        NOT NULL,
    seq         bigint      NOT NULL,  -- the line of that journal
    run_key     uuid        NOT NULL,
    is_resend   boolean     NOT NULL,  -- the same body had arrived within ten minutes
    altered     boolean     NOT NULL   -- a value that PostgreSQL cannot store was replaced
) PARTITION BY RANGE (received_at);

CREATE INDEX telemetry_run ON telemetry (run_key, received_at, id);

-- Bodies seen lately, to know a client's automatic repetition from a new event. Unpartitioned, since a key on a
-- partitioned table would have to contain the day.
CREATE TABLE recent_digest (
    digest      uuid        PRIMARY KEY,
    received_at timestamptz NOT NULL
) WITH (fillfactor = 80);

CREATE INDEX recent_digest_age ON recent_digest USING brin (received_at) WITH (autosummarize = on);

-- --------------------------------------------------------------------------------------------------------- runs

-- One row a run. Every column but the key merges by least, greatest, or "the latest by (utc_time, digest)", so that
-- events may be applied in any order.
CREATE TABLE run (
    run_key            uuid        PRIMARY KEY,
    run_id             text        NOT NULL COLLATE "C",
    run_name           text        NOT NULL COLLATE "C",
    first_utc          timestamptz NOT NULL,
    last_utc           timestamptz NOT NULL,
    first_received_at  timestamptz NOT NULL,
    last_received_at   timestamptz NOT NULL,
    started_utc        timestamptz,  -- the latest `started`
    segment_start      timestamptz,  -- the latest workflow.start that a `started` told (its utc_time if it told none)
    task_utc           timestamptz,  -- the latest event of a task
    progress_utc       timestamptz,  -- the latest event that only a run at work sends: a task submitted or started
    error_utc          timestamptz,  -- the latest `error`
    completed_utc      timestamptz,  -- the `completed` that decides: the latest
    completed_digest   uuid,
    completed_segment  timestamptz,  -- its workflow.start (its utc_time if it told none)
    success            boolean,
    error_message      text,
    user_name          text        COLLATE "C",
    project_name       text        COLLATE "C"
) WITH (fillfactor = 80);

CREATE INDEX run_recent  ON run (first_utc DESC, run_key DESC);
CREATE INDEX run_name    ON run (run_name, first_utc DESC);
CREATE INDEX run_id      ON run (run_id, first_utc DESC);
CREATE INDEX run_user    ON run (user_name, first_utc DESC);
CREATE INDEX run_project ON run (project_name, first_utc DESC);
CREATE INDEX run_open    ON run (first_utc) WHERE completed_utc IS NULL OR segment_start > completed_segment;

-- The state of a run at a moment. What time alone decides (an error that nothing followed, silence) is computed
-- here, when a row is read, and never stored.
CREATE FUNCTION run_state(r run, moment timestamptz, stale_after interval) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN r.completed_utc IS NOT NULL
             AND coalesce(r.segment_start, '-infinity') <= r.completed_segment THEN
            CASE
                WHEN r.success THEN 'succeeded'
                WHEN r.error_message ~ '\mSIG(INT|TERM|HUP)\M' THEN 'aborted'
                ELSE 'failed'
            END
        WHEN r.error_utc >= coalesce(r.started_utc, '-infinity')
             AND r.error_utc >= coalesce(r.progress_utc, '-infinity')
             AND r.error_utc <= moment - interval '60 seconds' THEN 'failed'
        WHEN r.task_utc >= coalesce(r.started_utc, '-infinity') THEN
            CASE WHEN r.last_utc < moment - stale_after THEN 'stale' ELSE 'running' END
        ELSE 'pending'
    END
$$;

-- One row for each execution of a run, known by its workflow.start: a resumed run of the same name is a new segment.
-- What `metadata.workflow` tells is taken whole from the latest event that has it; `completed` before `started`.
CREATE TABLE run_segment (
    run_key          uuid        NOT NULL,
    segment_start    timestamptz NOT NULL,  -- -infinity when no event of it told its workflow.start
    started_utc      timestamptz,
    completed_utc    timestamptz,
    told_by_completed boolean    NOT NULL,
    told_utc         timestamptz NOT NULL,
    told_digest      uuid        NOT NULL,
    complete_at      timestamptz,
    duration_ms      bigint,
    success          boolean,
    exit_status      bigint,
    error_message    text,
    error_report     text,
    resume           boolean,
    parameters       jsonb,
    workflow         jsonb,  -- without stats, manifest and dates
    manifest         jsonb,
    stats            jsonb,
    PRIMARY KEY (run_key, segment_start)
) WITH (fillfactor = 80);

-- -------------------------------------------------------------------------------------------------------- tasks

-- The merged view of a task. `hash` is part of its identity, since a resumed segment counts task ids from 1 again.
CREATE TABLE task (
    run_key      uuid        NOT NULL,
    task_number  bigint      NOT NULL,  -- task_id as a number, for the order of lists; -1 when it is none
    task_id      text        NOT NULL COLLATE "C",
    hash         text        NOT NULL COLLATE "C",  -- '' when the client sent none
    status_rank  smallint    NOT NULL,  -- 0 unknown, 1 NEW, 2 SUBMITTED, 3 RUNNING, 4 CACHED, 5 COMPLETED, 6 ABORTED, 7 FAILED
    submitted    boolean     NOT NULL,  -- which events of it have come
    started      boolean     NOT NULL,
    completed    boolean     NOT NULL,
    first_utc    timestamptz NOT NULL,
    last_utc     timestamptz NOT NULL,
    process      text        COLLATE "C",
    name         text        COLLATE "C",
    tag          text        COLLATE "C",
    attempt      integer,
    exit         text        COLLATE "C",  -- null while unknown (2147483647)
    error_action text        COLLATE "C",
    submit_at    timestamptz,
    start_at     timestamptz,
    complete_at  timestamptz,
    duration_ms  double precision,
    realtime_ms  double precision,
    cpus         double precision,
    memory       double precision,
    disk         double precision,
    time_ms      double precision,
    pct_cpu      double precision,
    pct_mem      double precision,
    rss          double precision,
    vmem         double precision,
    peak_rss     double precision,
    peak_vmem    double precision,
    rchar        double precision,
    wchar        double precision,
    read_bytes   double precision,
    write_bytes  double precision,
    native_id    text        COLLATE "C",
    queue        text        COLLATE "C",
    container    text        COLLATE "C",
    workdir      text        COLLATE "C",
    hostname     text        COLLATE "C",
    PRIMARY KEY (run_key, task_number, task_id, hash)
) WITH (fillfactor = 85);

CREATE INDEX task_open ON task (run_key, process) WHERE NOT completed AND status_rank < 5;

CREATE FUNCTION task_status(status_rank smallint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (ARRAY['UNKNOWN', 'NEW', 'SUBMITTED', 'RUNNING', 'CACHED', 'COMPLETED', 'ABORTED', 'FAILED'])[status_rank + 1]
$$;

-- -------------------------------------------------------------------------------------------------- completions

-- One row for each distinct (run_id, run_name, task_id, attempt, status, exit, submit, start, complete) of
-- `process_completed`, of which `completion_key` is the digest. Only ever inserted: what the metrics count.
CREATE TABLE completion (
    run_key        uuid        NOT NULL,
    completion_key uuid        NOT NULL,
    telemetry_id   bigint      NOT NULL,
    utc_time       timestamptz NOT NULL,
    has_process    boolean     NOT NULL,  -- false: the trace had none, and `process` is '<null>'
    process        text        NOT NULL COLLATE "C",
    attempt        integer     NOT NULL,  -- 0 when absent
    status         text        NOT NULL COLLATE "C",  -- '' when absent
    exit           text        NOT NULL COLLATE "C",  -- '<null>' when absent
    error_action   text        NOT NULL COLLATE "C",  -- '' when absent
    task_id        text        COLLATE "C",
    hash           text        COLLATE "C",
    name           text        COLLATE "C",
    sample_id      text        COLLATE "C",  -- the tag up to its first colon
    realtime_ms    double precision,
    cpus           double precision,
    memory         double precision,
    time_ms        double precision,
    pct_cpu        double precision,
    pct_mem        double precision,
    peak_rss       double precision,
    read_bytes     double precision,
    write_bytes    double precision,
    rchar          double precision,
    wchar          double precision,
    PRIMARY KEY (run_key, completion_key)
);

CREATE INDEX completion_time    ON completion (utc_time, run_key);
-- Holds all that a percentile over a window needs, so that the rows themselves are not read.
CREATE INDEX completion_process ON completion (process, attempt, utc_time)
    INCLUDE (has_process, pct_cpu, pct_mem, peak_rss);
-- What went wrong is rare, and asked for often.
CREATE INDEX completion_unsuccessful ON completion (utc_time, run_key) WHERE status <> 'COMPLETED';
