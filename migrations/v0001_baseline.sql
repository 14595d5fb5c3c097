-- Weir's schema as of 0.2. Later steps change it; schema.sql is what they lead to.

-- ========================================================================================================= all streams

-- What every stream of the journal shares: how far it has been loaded, what PostgreSQL refused, who may call.

-- How far each stream of each journal has been applied. Written in the transaction of the rows themselves, so
-- that a line is applied exactly once, whatever crashes.
CREATE TABLE journal_position (
    journal_id  uuid        NOT NULL,
    stream      text        NOT NULL COLLATE "C",
    seq         bigint      NOT NULL,  -- the last line applied
    epoch       bigint      NOT NULL,  -- the start of the journal that applied it
    received_at timestamptz,           -- when that line had arrived; null before any of the stream's own
    applied_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (journal_id, stream)
);

-- Elements that PostgreSQL refused for what they are (SQLSTATE classes 22, 23 and 54), whole and with the reason.
CREATE TABLE dead_letter (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    journal_id  uuid        NOT NULL,
    stream      text        NOT NULL COLLATE "C",
    seq         bigint      NOT NULL,
    element     integer     NOT NULL,  -- position in the line's batch; 0 where a line is one element
    stage       smallint    NOT NULL,  -- of the projection: what earlier stages stored is there
    kind        text        NOT NULL COLLATE "C",
    received_at timestamptz NOT NULL,
    sql_state   text        NOT NULL,
    reason      text        NOT NULL,
    members     text        NOT NULL DEFAULT '',  -- what the line says beside its body, as a PATCH names its run
    body        text        NOT NULL,
    state       text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'retried', 'dropped')),
    decided_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (journal_id, stream, seq, element)
);

CREATE INDEX dead_letter_waiting ON dead_letter (stream, id) WHERE state = 'waiting';

-- Tokens made with `weir token create`. Only the SHA-256 of a token is kept.
CREATE TABLE access_token (
    id         uuid        PRIMARY KEY,
    name       text        NOT NULL UNIQUE,
    hash       bytea       NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    scopes     text[]      NOT NULL CHECK (scopes <@ ARRAY['ingest', 'read', 'admin'] AND cardinality(scopes) > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);

-- What projections tell those who react: written in the transaction of the rows, and only while somebody is
-- registered. `xid` lets a consumer read only what can have no older, uncommitted neighbour.
CREATE TABLE outbox_consumer (
    name       text        PRIMARY KEY,
    last_xid   xid8        NOT NULL DEFAULT pg_current_xact_id(),
    last_id    bigint      NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE outbox_event (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        xid8        NOT NULL DEFAULT pg_current_xact_id(),
    kind       text        NOT NULL COLLATE "C",  -- `run.failed`
    subject    text        NOT NULL,              -- what it is about: an event_id
    at         timestamptz NOT NULL,              -- when the line that caused it had arrived
    detail     jsonb       NOT NULL
);

CREATE INDEX outbox_event_unread ON outbox_event (xid, id);

-- ============================================================================================================ Nextflow

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
    project_name       text        COLLATE "C",
    -- How it has ended; null while it has not. What run_state says of such a run depends on no moment.
    outcome            text        COLLATE "C" GENERATED ALWAYS AS (
        CASE
            WHEN completed_utc IS NOT NULL AND coalesce(segment_start, '-infinity') <= completed_segment THEN
                CASE
                    WHEN success THEN 'succeeded'
                    WHEN error_message ~ '\mSIG(INT|TERM|HUP)\M' THEN 'aborted'
                    ELSE 'failed'
                END
        END
    ) STORED
) WITH (fillfactor = 80);

CREATE INDEX run_recent  ON run (first_utc DESC, run_key DESC);
CREATE INDEX run_name    ON run (run_name, first_utc DESC);
CREATE INDEX run_id      ON run (run_id, first_utc DESC);
CREATE INDEX run_user    ON run (user_name, first_utc DESC);
CREATE INDEX run_project ON run (project_name, first_utc DESC);
CREATE INDEX run_open    ON run (first_utc) WHERE completed_utc IS NULL OR segment_start > completed_segment;
CREATE INDEX run_outcome ON run (outcome, first_utc DESC, run_key DESC) WHERE outcome IS NOT NULL;

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

-- One row for each attempt of a task that completed. Only ever inserted: what the metrics count.
--
-- `completion_key` is the digest of run_key, task_id and hash, which the weblog and a trace file both have, so that a
-- trace file fills gaps and counts nothing twice. Without a hash it is the digest of run_key, task_id, attempt, status,
-- exit, submit, start and complete.
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
-- Tasks that ended in one way, however rare.
CREATE INDEX completion_status ON completion (status, utc_time, run_key) WHERE status <> 'COMPLETED';

-- Rollups of the completions and of the raw events. They only grow; `grain` says how long a bucket is, and
-- `bucket` is its UTC start. A window is answered from whole years, months, days and hours, then from single
-- completions at its edges (rollup_window), so that an answer costs what it shows and is exact to the microsecond.
-- Runs and completions are rolled up by hour, day, month and year, raw events by second too.

CREATE TYPE grain AS ENUM ('edge', 'second', 'hour', 'day', 'month', 'year');

-- Counts and sums by everything that the process metrics group by. Sums are numeric: exact, in any order.
CREATE TABLE completion_rollup (
    grain          grain       NOT NULL,
    bucket         timestamptz NOT NULL,
    has_process    boolean     NOT NULL,
    process        text        NOT NULL COLLATE "C",
    attempt        integer     NOT NULL,
    status         text        NOT NULL COLLATE "C",
    exit           text        NOT NULL COLLATE "C",
    error_action   text        NOT NULL COLLATE "C",
    rows           bigint      NOT NULL,
    last_utc       timestamptz NOT NULL,
    cpus_n         bigint NOT NULL,  cpus        numeric NOT NULL,
    memory_n       bigint NOT NULL,  memory      numeric NOT NULL,
    time_ms_n      bigint NOT NULL,  time_ms     numeric NOT NULL,
    pct_cpu_n      bigint NOT NULL,  pct_cpu     numeric NOT NULL,
    pct_mem_n      bigint NOT NULL,  pct_mem     numeric NOT NULL,
    peak_rss_n     bigint NOT NULL,  peak_rss    numeric NOT NULL,
    read_bytes_n   bigint NOT NULL,  read_bytes  numeric NOT NULL,
    write_bytes_n  bigint NOT NULL,  write_bytes numeric NOT NULL,
    cpu_eff_n      bigint NOT NULL,  cpu_eff     numeric NOT NULL,  -- pct_cpu / (100 * cpus)
    memory_eff_n   bigint NOT NULL,  memory_eff  numeric NOT NULL,  -- peak_rss / memory
    PRIMARY KEY (grain, bucket, process, has_process, attempt, status, exit, error_action)
) WITH (fillfactor = 80);

-- The time line of one process reads its hours and no others'.
CREATE INDEX completion_rollup_process ON completion_rollup (process, grain, bucket);

-- Which runs completed anything when: distinct runs of a window, progress of a run.
CREATE TABLE run_rollup (
    grain     grain       NOT NULL,
    bucket    timestamptz NOT NULL,
    run_key   uuid        NOT NULL,
    run_id    text        NOT NULL COLLATE "C",
    rows      bigint      NOT NULL,
    succeeded bigint      NOT NULL,
    failed    bigint      NOT NULL,
    retried   bigint      NOT NULL,
    PRIMARY KEY (grain, bucket, run_key)
) WITH (fillfactor = 80);

CREATE INDEX run_rollup_run ON run_rollup (run_key, grain);

-- Which runs completed a process, and between which moments: distinct runs of a window, of one process.
CREATE TABLE run_process (
    process   text        NOT NULL COLLATE "C",
    run_key   uuid        NOT NULL,
    run_id    text        NOT NULL COLLATE "C",
    first_utc timestamptz NOT NULL,
    last_utc  timestamptz NOT NULL,
    PRIMARY KEY (process, run_key)
) WITH (fillfactor = 80);

-- Raw events that are no resends. The seconds are what makes a window exact without the raw rows: the weblog client
-- sends whole seconds.
CREATE TABLE event_rollup (
    grain  grain       NOT NULL,
    bucket timestamptz NOT NULL,
    event  text        NOT NULL COLLATE "C",
    rows   bigint      NOT NULL,
    PRIMARY KEY (grain, bucket, event)
) WITH (fillfactor = 80);

-- ------------------------------------------------------------------------------------------------------ windows

-- Cuts [since, until] into whole years, months, days and hours (none longer than `coarsest`, none shorter than
-- `finest`) and edges. Each piece is [from_time, to_time).
CREATE FUNCTION rollup_window(
    since timestamptz, until timestamptz, finest grain DEFAULT 'hour', coarsest grain DEFAULT 'year'
)
RETURNS TABLE (grain grain, from_time timestamptz, to_time timestamptz)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 9 AS $$
DECLARE
    outer_from timestamptz := coalesce(since, '-infinity');
    outer_to   timestamptz := coalesce(until + interval '1 microsecond', 'infinity');
    inner_from timestamptz;
    inner_to   timestamptz;
    finer      grain := 'edge';
    coarser    grain;
BEGIN
    FOREACH coarser IN ARRAY enum_range(finest, coarsest) LOOP
        inner_from := date_trunc(coarser::text, outer_from, 'UTC');
        IF inner_from < outer_from THEN
            -- In UTC by hand: the interval of a month depends on the zone of the session.
            inner_from := (inner_from AT TIME ZONE 'UTC' + ('1 ' || coarser)::interval) AT TIME ZONE 'UTC';
        END IF;
        inner_to := date_trunc(coarser::text, outer_to, 'UTC');
        EXIT WHEN inner_from >= inner_to;
        IF outer_from < inner_from THEN RETURN QUERY SELECT finer, outer_from, inner_from; END IF;
        IF inner_to < outer_to THEN RETURN QUERY SELECT finer, inner_to, outer_to; END IF;
        outer_from := inner_from;
        outer_to := inner_to;
        finer := coarser;
    END LOOP;
    RETURN QUERY SELECT finer, outer_from, outer_to WHERE outer_from < outer_to;
END
$$;

-- A completion as a row of the rollup, for the edges of a window and for the filter by run.
CREATE VIEW completion_fact AS
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
    coalesce(peak_rss::numeric / nullif(greatest(memory, 0)::numeric, 0), 0)    AS memory_eff
FROM completion;

-- A sketch of a distribution says how many values fell into a bin, whose edges grow by one per cent. These are the bin
-- of a value and the value that stands for a bin; zero and below share one bin. sketch_bin is not STRICT: PostgreSQL
-- inlines a strict function only when its body is plainly strict, too, and CASE is not.
CREATE FUNCTION sketch_bin(value double precision) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value < 1e-6 THEN -2000 ELSE floor(ln(value) / ln(1.01::double precision))::integer END
$$;

CREATE FUNCTION sketch_value(bin integer) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN bin = -2000 THEN 0 ELSE power(1.01::double precision, bin + 0.5) END
$$;

-- ----------------------------------------------------------------------------------------------- sealed sketches

-- Distributions of whole days, months and years that are over, made from the completions some time afterwards
-- (seal_sketches.sql). Completions are only ever inserted: as long as a bucket has as many as when it was sealed, its
-- sketches are complete; with one more, a reader takes finer buckets, and in the end the completions themselves.
-- Whoever deletes completions must delete the rows of their buckets here.
CREATE TABLE sealed_bucket (
    grain     grain       NOT NULL,
    bucket    timestamptz NOT NULL,
    seen_rows bigint      NOT NULL,  -- completions when last looked at: one that still grows is not sealed
    rows      bigint,                -- completions that the sketches hold; null before the first sealing
    PRIMARY KEY (grain, bucket)
);

-- One row an attempt of a process. A distribution is the bins of its values (sketch_bin) in ascending order, each as
-- two numbers: how far behind the one before, and how many values. sketch_number says how a number is written.
CREATE TABLE sealed_sketch (
    grain    grain       NOT NULL,
    bucket   timestamptz NOT NULL,
    process  text        NOT NULL COLLATE "C",
    attempt  integer     NOT NULL,
    pct_cpu  bytea       NOT NULL,
    pct_mem  bytea       NOT NULL,
    peak_rss bytea       NOT NULL,
    PRIMARY KEY (grain, bucket, process, attempt)
) WITH (toast_tuple_target = 8160);

-- They are compact already: to compress them would only cost time at each question.
ALTER TABLE sealed_sketch
    ALTER COLUMN pct_cpu SET STORAGE EXTERNAL,
    ALTER COLUMN pct_mem SET STORAGE EXTERNAL,
    ALTER COLUMN peak_rss SET STORAGE EXTERNAL;

-- A byte below 255, or 255 and eight bytes, the most significant first.
CREATE FUNCTION sketch_number(number bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN number BETWEEN 0 AND 254 THEN substring(int2send(number::smallint) FROM 2) ELSE '\xff'::bytea || int8send(number) END
$$;

-- The bins of a distribution and how many values each has.
CREATE FUNCTION sketch_bins(sketch bytea) RETURNS TABLE (bin integer, rows bigint)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    at     integer := 0;
    number bigint;
    is_bin boolean := true;
BEGIN
    bin := 0;
    WHILE at < length(sketch) LOOP
        number := get_byte(sketch, at);
        at := at + 1;
        IF number = 255 THEN
            number := ('x' || encode(substring(sketch FROM at + 1 FOR 8), 'hex'))::bit(64)::bigint;
            at := at + 8;
        END IF;
        IF is_bin THEN
            bin := bin + number;
        ELSE
            rows := number;
            RETURN NEXT;
        END IF;
        is_bin := NOT is_bin;
    END LOOP;
END
$$;

-- The buckets of a grain within [from_time, to_time) that have completions, and how many.
CREATE FUNCTION bucket_rows(of_grain grain, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (bucket timestamptz, rows bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 30 AS $$
BEGIN
    -- A day has fewer runs than processes, a year far more.
    IF of_grain = 'day' THEN
        RETURN QUERY
            SELECT r.bucket, sum(r.rows)::bigint
            FROM run_rollup r
            WHERE r.grain = of_grain AND r.bucket >= from_time AND r.bucket < to_time
            GROUP BY r.bucket;
    ELSE
        RETURN QUERY
            SELECT r.bucket, sum(r.rows)::bigint
            FROM completion_rollup r
            WHERE r.grain = of_grain AND r.bucket >= from_time AND r.bucket < to_time
            GROUP BY r.bucket;
    END IF;
END
$$;

-- Covers the completions of [from_time, to_time), which are whole buckets of a grain, with the longest sealed buckets;
-- what is not sealed comes as 'edge'.
CREATE FUNCTION sealed_cover(of_grain grain, from_time timestamptz, to_time timestamptz)
RETURNS TABLE (grain grain, piece_from timestamptz, piece_to timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 30 AS $$
DECLARE
    b    record;
    next timestamptz;
BEGIN
    FOR b IN
        SELECT r.bucket, s.rows IS NOT DISTINCT FROM r.rows AS is_sealed
        FROM bucket_rows(of_grain, from_time, to_time) r
        LEFT JOIN sealed_bucket s ON s.grain = of_grain AND s.bucket = r.bucket
    LOOP
        next := (b.bucket AT TIME ZONE 'UTC' + ('1 ' || of_grain)::interval) AT TIME ZONE 'UTC';
        IF b.is_sealed THEN
            RETURN QUERY SELECT of_grain, b.bucket, next;
        ELSIF of_grain = 'day' THEN
            RETURN QUERY SELECT 'edge'::grain, b.bucket, next;
        ELSE
            RETURN QUERY SELECT * FROM sealed_cover(
                CASE of_grain WHEN 'year' THEN 'month' ELSE 'day' END::grain, b.bucket, next
            );
        END IF;
    END LOOP;
END
$$;

-- The pieces from which the distributions of [since, until] are put together.
CREATE FUNCTION sealed_window(since timestamptz, until timestamptz)
RETURNS TABLE (grain grain, piece_from timestamptz, piece_to timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 60 AS $$
    SELECT w.grain, w.from_time, w.to_time
    FROM rollup_window(since, until, 'day') w
    WHERE w.grain = 'edge'
    UNION ALL
    SELECT c.*
    FROM rollup_window(since, until, 'day') w
    CROSS JOIN LATERAL sealed_cover(w.grain, w.from_time, w.to_time) c
    WHERE w.grain <> 'edge'
$$;

-- The completions of a window in rows of the rollup's shape: `run_name` and `process` narrow it, null means all; no
-- row stands for more time than `coarsest`.
--
-- Its form leaves the planner one way only: OFFSET 0 keeps each join a nested loop over a key, and one process stands
-- apart, since a plan for any would read the rows of all.
CREATE FUNCTION completion_facts(
    since timestamptz, until timestamptz, only_run_name text, only_process text, coarsest grain DEFAULT 'year'
)
RETURNS SETOF completion_rollup
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
$$;

-- ======================================================================================================== tracked runs

-- Tracked runs: what agents and batch jobs tell of themselves.
--
-- `event_key` is the first half of the SHA-256 of event_id, as a uuid: clients choose ids of any length, and an index
-- row has an end. It is in the primary key, so that the table can be distributed by it.

-- Numbers by which clients see the order of arrival.
CREATE SEQUENCE agent_run_id;

-- One row a run. `document` is the record as its clients see it, without `id` and links, values spelt as they were
-- sent: an answer copies it. The columns beside it are those that lists are filtered and ordered by.
CREATE TABLE agent_run (
    event_key       uuid        PRIMARY KEY,
    id              bigint      NOT NULL DEFAULT nextval('agent_run_id'),
    event_id        text        NOT NULL COLLATE "C",
    run_id          text        NOT NULL COLLATE "C",
    agent_name      text        NOT NULL COLLATE "C",
    job_type        text        NOT NULL COLLATE "C",
    status          text        NOT NULL COLLATE "C"
        CHECK (status IN ('running', 'success', 'failure', 'partial', 'timeout', 'cancelled')),
    created_at      text        NOT NULL COLLATE "C",
    created_order   timestamptz NOT NULL,  -- created_at as an instant; the arrival where it is none
    created_is_time boolean     NOT NULL,
    start_time      text        NOT NULL COLLATE "C",
    start_instant   timestamptz,           -- null where start_time is none
    api_posted      boolean     NOT NULL,
    parent_run_id   text        COLLATE "C",
    insight_id      text        COLLATE "C",
    website         text        COLLATE "C",
    website_section text        COLLATE "C",
    git_repo        text        COLLATE "C",
    git_commit_hash text        COLLATE "C",
    received_at     timestamptz NOT NULL,  -- Weir's clock
    document        json        NOT NULL
) WITH (fillfactor = 85);

-- What may be longer than an index row is indexed by its beginning; queries compare that and the whole.
CREATE FUNCTION index_prefix(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$ SELECT left(value, 200) COLLATE "C" $$;

CREATE INDEX agent_run_created ON agent_run (created_order DESC, id);
CREATE INDEX agent_run_agent   ON agent_run (index_prefix(agent_name), created_order DESC);
CREATE INDEX agent_run_job     ON agent_run (index_prefix(job_type), created_order DESC);
CREATE INDEX agent_run_run     ON agent_run (index_prefix(run_id));
-- Most runs succeed: those that did are found by the other indexes.
CREATE INDEX agent_run_status  ON agent_run (status, created_order DESC) WHERE status <> 'success';
CREATE INDEX agent_run_untimed ON agent_run (created_order DESC) WHERE NOT created_is_time;
CREATE INDEX agent_run_posted  ON agent_run (created_order DESC) WHERE api_posted;
CREATE INDEX agent_run_parent  ON agent_run (index_prefix(parent_run_id)) WHERE parent_run_id IS NOT NULL;
CREATE INDEX agent_run_insight ON agent_run (index_prefix(insight_id)) WHERE insight_id IS NOT NULL;
CREATE INDEX agent_run_commit  ON agent_run (index_prefix(git_commit_hash)) WHERE git_commit_hash IS NOT NULL;
CREATE INDEX agent_run_website ON agent_run (index_prefix(website), index_prefix(website_section))
    WHERE website IS NOT NULL;
CREATE INDEX agent_run_start   ON agent_run USING brin (start_instant) WITH (autosummarize = on);

-- How many runs there are: what would otherwise be counted over all rows. Whoever inserts, changes or deletes runs keeps
-- the counts in the same transaction. `facet` says of what:
--   agent_name, job_type   of each agent, of each job type
--   created_hour           created in each hour of UTC (`2026-11-25T10`); hours that ended two days ago are not needed
--   agent_job_status       of each agent, job type and status (a JSON array of the three)
CREATE TABLE agent_run_tally (
    facet     text   NOT NULL COLLATE "C"
        CHECK (facet IN ('agent_name', 'job_type', 'created_hour', 'agent_job_status')),
    value_key uuid   NOT NULL,  -- the first half of the SHA-256 of the value
    value     text   NOT NULL COLLATE "C",
    runs      bigint NOT NULL,
    last_at   timestamptz,      -- when the newest run came to this; only with agent_job_status
    PRIMARY KEY (facet, value_key)
) WITH (fillfactor = 50);

-- The record column by column, for people who ask with SQL.
CREATE VIEW agent_runs AS
SELECT
    r.id,
    r.event_id,
    r.run_id,
    (r.document ->> 'schema_version')::bigint    AS schema_version,
    r.created_at,
    r.document ->> 'updated_at'                  AS updated_at,
    r.start_time,
    r.document ->> 'end_time'                    AS end_time,
    r.agent_name,
    r.document ->> 'agent_owner'                 AS agent_owner,
    r.job_type,
    r.status,
    r.document ->> 'product'                     AS product,
    r.document ->> 'product_family'              AS product_family,
    r.document ->> 'platform'                    AS platform,
    r.document ->> 'subdomain'                   AS subdomain,
    r.website,
    r.website_section,
    r.document ->> 'item_name'                   AS item_name,
    (r.document ->> 'items_discovered')::bigint  AS items_discovered,
    (r.document ->> 'items_succeeded')::bigint   AS items_succeeded,
    (r.document ->> 'items_failed')::bigint      AS items_failed,
    (r.document ->> 'items_skipped')::bigint     AS items_skipped,
    (r.document ->> 'duration_ms')::bigint       AS duration_ms,
    r.document ->> 'input_summary'               AS input_summary,
    r.document ->> 'output_summary'              AS output_summary,
    r.document ->> 'source_ref'                  AS source_ref,
    r.document ->> 'target_ref'                  AS target_ref,
    r.document ->> 'error_summary'               AS error_summary,
    r.document ->> 'error_details'               AS error_details,
    r.git_repo,
    r.document ->> 'git_branch'                  AS git_branch,
    r.git_commit_hash,
    r.document ->> 'git_run_tag'                 AS git_run_tag,
    r.document ->> 'git_commit_source'           AS git_commit_source,
    r.document ->> 'git_commit_author'           AS git_commit_author,
    r.document ->> 'git_commit_timestamp'        AS git_commit_timestamp,
    r.document ->> 'host'                        AS host,
    r.document ->> 'environment'                 AS environment,
    r.document ->> 'trigger_type'                AS trigger_type,
    r.document -> 'metrics_json'                 AS metrics_json,
    r.document -> 'context_json'                 AS context_json,
    r.api_posted,
    r.document ->> 'api_posted_at'               AS api_posted_at,
    (r.document ->> 'api_retry_count')::bigint   AS api_retry_count,
    r.insight_id,
    r.parent_run_id
FROM agent_run r;
