-- Rollups of the completions and of the raw events. They only grow; `grain` says how long a bucket is, and
-- `bucket` is its UTC start. A window is answered from whole days, then whole hours, then single completions at
-- its edges (rollup_window), so that an answer costs what it shows and is exact to the microsecond.

CREATE TYPE grain AS ENUM ('edge', 'second', 'hour', 'day');

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

-- A sketch of the distribution of a value: how many completions fell into a bin, whose edges grow by one per cent.
CREATE TABLE completion_sketch (
    grain   grain       NOT NULL,
    bucket  timestamptz NOT NULL,
    process text        NOT NULL COLLATE "C",
    attempt integer     NOT NULL,
    value   text        NOT NULL COLLATE "C" CHECK (value IN ('pct_cpu', 'pct_mem', 'peak_rss')),
    bin     integer     NOT NULL,
    rows    bigint      NOT NULL,
    PRIMARY KEY (grain, bucket, process, attempt, value, bin)
) WITH (fillfactor = 80);

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

-- Cuts [since, until] into whole days, whole hours and edges. Each piece is [from_time, to_time).
CREATE FUNCTION rollup_window(since timestamptz, until timestamptz)
RETURNS TABLE (grain grain, from_time timestamptz, to_time timestamptz)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 5 AS $$
DECLARE
    first_moment timestamptz := coalesce(since, '-infinity');
    end_moment   timestamptz := coalesce(until + interval '1 microsecond', 'infinity');
    first_hour   timestamptz := date_trunc('hour', first_moment, 'UTC');
    end_hour     timestamptz := date_trunc('hour', end_moment, 'UTC');
    first_day    timestamptz := date_trunc('day', first_moment, 'UTC');
    end_day      timestamptz := date_trunc('day', end_moment, 'UTC');
BEGIN
    IF first_hour < first_moment THEN first_hour := first_hour + interval '1 hour'; END IF;
    IF first_day < first_moment THEN first_day := first_day + interval '1 day'; END IF;

    IF first_hour >= end_hour THEN
        RETURN QUERY VALUES ('edge'::grain, first_moment, end_moment);
        RETURN;
    END IF;
    RETURN QUERY VALUES ('edge'::grain, first_moment, first_hour), ('edge'::grain, end_hour, end_moment);

    IF first_day >= end_day THEN
        RETURN QUERY VALUES ('hour'::grain, first_hour, end_hour);
        RETURN;
    END IF;
    RETURN QUERY VALUES
        ('hour'::grain, first_hour, first_day),
        ('day'::grain, first_day, end_day),
        ('hour'::grain, end_day, end_hour);
END
$$;

-- A completion as a row of the rollup, for the edges of a window and for the filter by run.
CREATE VIEW completion_fact AS
SELECT
    run_key, utc_time, has_process, process, attempt, status, exit, error_action,
    1::bigint AS rows,
    (cpus IS NOT NULL)::int::bigint        AS cpus_n,        coalesce(cpus::numeric, 0)        AS cpus,
    (memory IS NOT NULL)::int::bigint      AS memory_n,      coalesce(memory::numeric, 0)      AS memory,
    (time_ms IS NOT NULL)::int::bigint     AS time_ms_n,     coalesce(time_ms::numeric, 0)     AS time_ms,
    (pct_cpu IS NOT NULL)::int::bigint     AS pct_cpu_n,     coalesce(pct_cpu::numeric, 0)     AS pct_cpu,
    (pct_mem IS NOT NULL)::int::bigint     AS pct_mem_n,     coalesce(pct_mem::numeric, 0)     AS pct_mem,
    (peak_rss IS NOT NULL)::int::bigint    AS peak_rss_n,    coalesce(peak_rss::numeric, 0)    AS peak_rss,
    (read_bytes IS NOT NULL)::int::bigint  AS read_bytes_n,  coalesce(read_bytes::numeric, 0)  AS read_bytes,
    (write_bytes IS NOT NULL)::int::bigint AS write_bytes_n, coalesce(write_bytes::numeric, 0) AS write_bytes,
    (pct_cpu IS NOT NULL AND cpus > 0)::int::bigint    AS cpu_eff_n,
    coalesce(pct_cpu::numeric / nullif(greatest(cpus, 0)::numeric * 100, 0), 0) AS cpu_eff,
    (peak_rss IS NOT NULL AND memory > 0)::int::bigint AS memory_eff_n,
    coalesce(peak_rss::numeric / nullif(greatest(memory, 0)::numeric, 0), 0)    AS memory_eff
FROM completion;

-- The bin of a value in completion_sketch, and the value that stands for a bin. Zero and below share one bin.
CREATE FUNCTION sketch_bin(value double precision) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN value < 1e-6 THEN -2000 ELSE floor(ln(value) / ln(1.01::double precision))::integer END
$$;

CREATE FUNCTION sketch_value(bin integer) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN bin = -2000 THEN 0 ELSE power(1.01::double precision, bin + 0.5) END
$$;

-- The completions of a window in rows of the rollup's shape: `run_name` and `process` narrow it, null means all.
CREATE FUNCTION completion_facts(since timestamptz, until timestamptz, only_run_name text, only_process text)
RETURNS SETOF completion_rollup
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT r.*
    FROM rollup_window(since, until) w
    JOIN completion_rollup r ON r.grain = w.grain AND r.bucket >= w.from_time AND r.bucket < w.to_time
    WHERE only_run_name IS NULL
      AND w.grain <> 'edge'
      AND (only_process IS NULL OR r.process = only_process)
    UNION ALL
    SELECT
        'edge'::grain, f.utc_time, f.has_process, f.process, f.attempt, f.status, f.exit, f.error_action,
        f.rows, f.utc_time,
        f.cpus_n, f.cpus, f.memory_n, f.memory, f.time_ms_n, f.time_ms, f.pct_cpu_n, f.pct_cpu,
        f.pct_mem_n, f.pct_mem, f.peak_rss_n, f.peak_rss, f.read_bytes_n, f.read_bytes,
        f.write_bytes_n, f.write_bytes, f.cpu_eff_n, f.cpu_eff, f.memory_eff_n, f.memory_eff
    FROM rollup_window(since, until) w
    JOIN completion_fact f ON f.utc_time >= w.from_time AND f.utc_time < w.to_time
    WHERE only_run_name IS NULL
      AND w.grain = 'edge'
      AND (only_process IS NULL OR f.process = only_process)
    UNION ALL
    SELECT
        'edge'::grain, f.utc_time, f.has_process, f.process, f.attempt, f.status, f.exit, f.error_action,
        f.rows, f.utc_time,
        f.cpus_n, f.cpus, f.memory_n, f.memory, f.time_ms_n, f.time_ms, f.pct_cpu_n, f.pct_cpu,
        f.pct_mem_n, f.pct_mem, f.peak_rss_n, f.peak_rss, f.read_bytes_n, f.read_bytes,
        f.write_bytes_n, f.write_bytes, f.cpu_eff_n, f.cpu_eff, f.memory_eff_n, f.memory_eff
    FROM run
    JOIN completion_fact f USING (run_key)
    WHERE run.run_name = only_run_name
      AND f.utc_time >= coalesce(since, '-infinity')
      AND f.utc_time <= coalesce(until, 'infinity')
      AND (only_process IS NULL OR f.process = only_process)
$$;
