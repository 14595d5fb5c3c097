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

-- A sketch of the distribution of a value: how many completions fell into a bin, whose edges grow by one per cent.
-- By month and year only: in a day or an hour there are hardly fewer bins than completions. The key lets a reader
-- walk down from the highest bin and stop where the percentile is (sketch_percentile).
CREATE TABLE completion_sketch (
    grain   grain       NOT NULL,
    bucket  timestamptz NOT NULL,
    process text        NOT NULL COLLATE "C",
    attempt integer     NOT NULL,
    value   text        NOT NULL COLLATE "C" CHECK (value IN ('pct_cpu', 'pct_mem', 'peak_rss')),
    bin     integer     NOT NULL,
    rows    bigint      NOT NULL,
    PRIMARY KEY (grain, process, attempt, value, bin, bucket)
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

-- The bin of a value in completion_sketch, and the value that stands for a bin. Zero and below share one bin.
CREATE FUNCTION sketch_bin(value double precision) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN value < 1e-6 THEN -2000 ELSE floor(ln(value) / ln(1.01::double precision))::integer END
$$;

CREATE FUNCTION sketch_value(bin integer) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN bin = -2000 THEN 0 ELSE power(1.01::double precision, bin + 0.5) END
$$;

-- The percentile of a value over the completions of a process and attempt, within half a per cent: from the sketches
-- of whole years and months, and from the completions of a window's edges. `n`: how many values there are.
-- The window is [edge_from, edge_to); of it [month_from, month_to) are whole months and [year_from, year_to) whole
-- years, null where there are none.
CREATE FUNCTION sketch_percentile(
    of_process text, of_attempt integer, of_value text, n bigint, fraction double precision,
    edge_from timestamptz, edge_to timestamptz,
    month_from timestamptz, month_to timestamptz,
    year_from timestamptz, year_to timestamptz
)
RETURNS double precision
LANGUAGE plpgsql STABLE PARALLEL SAFE
-- Bins are to be taken from the key in its order, as far as they are needed: not all of them, to be sorted.
SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
    rank   double precision := fraction * (n - 1);
    -- Where the two neighbours of the rank stand, counted down from the greatest value.
    upper  bigint := n - 1 - ceil(rank)::bigint;
    lower  bigint := n - 1 - floor(rank)::bigint;
    passed bigint := 0;
    upper_value double precision;
    bins   refcursor;
    b      record;
BEGIN
    IF (edge_from, edge_to) = (year_from, year_to) THEN
        OPEN bins NO SCROLL FOR
            SELECT s.bin, s.rows
            FROM completion_sketch s
            WHERE s.grain = 'year' AND s.process = of_process AND s.attempt = of_attempt AND s.value = of_value
              AND s.bucket >= year_from AND s.bucket < year_to
            ORDER BY s.bin DESC;
    ELSE
        OPEN bins NO SCROLL FOR
            SELECT s.bin, s.rows
            FROM completion_sketch s
            WHERE s.grain = 'year' AND s.process = of_process AND s.attempt = of_attempt AND s.value = of_value
              AND s.bucket >= year_from AND s.bucket < year_to
            UNION ALL
            SELECT s.bin, s.rows
            FROM completion_sketch s
            WHERE s.grain = 'month' AND s.process = of_process AND s.attempt = of_attempt AND s.value = of_value
              AND s.bucket >= month_from AND s.bucket < month_to
              AND (year_from IS NULL OR s.bucket < year_from OR s.bucket >= year_to)
            UNION ALL
            SELECT e.bin, count(*)
            FROM (
                SELECT sketch_bin(
                    CASE of_value WHEN 'pct_cpu' THEN c.pct_cpu WHEN 'pct_mem' THEN c.pct_mem ELSE c.peak_rss END
                )
                FROM (VALUES (edge_from, coalesce(month_from, edge_to)), (month_to, edge_to)) AS w (from_time, to_time)
                CROSS JOIN LATERAL (
                    SELECT *
                    FROM completion
                    WHERE process = of_process AND attempt = of_attempt AND has_process
                      AND utc_time >= w.from_time AND utc_time < w.to_time
                    OFFSET 0
                ) c
            ) AS e (bin)
            WHERE e.bin IS NOT NULL
            GROUP BY e.bin
            ORDER BY bin DESC;
    END IF;
    LOOP
        FETCH bins INTO b;
        EXIT WHEN NOT FOUND;
        passed := passed + b.rows;
        IF upper_value IS NULL AND passed > upper THEN upper_value := sketch_value(b.bin); END IF;
        IF passed > lower THEN
            CLOSE bins;
            RETURN sketch_value(b.bin) + (upper_value - sketch_value(b.bin)) * (rank - floor(rank));
        END IF;
    END LOOP;
    CLOSE bins;
    RETURN NULL;
END
$$;

-- The completions of a window in rows of the rollup's shape: `run_name` and `process` narrow it, null means all; no
-- row stands for more time than `coarsest`.
CREATE FUNCTION completion_facts(
    since timestamptz, until timestamptz, only_run_name text, only_process text, coarsest grain DEFAULT 'year'
)
RETURNS SETOF completion_rollup
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    -- OFFSET 0 keeps the join a nested loop over the key: as a hash join it would read the whole table.
    SELECT r.*
    FROM rollup_window(since, until, 'hour', coarsest) w
    CROSS JOIN LATERAL (
        SELECT *
        FROM completion_rollup c
        WHERE c.grain = w.grain AND c.bucket >= w.from_time AND c.bucket < w.to_time
          AND (only_process IS NULL OR c.process = only_process)
        OFFSET 0
    ) r
    WHERE only_run_name IS NULL
      AND w.grain <> 'edge'
    UNION ALL
    SELECT
        'edge'::grain, f.utc_time, f.has_process, f.process, f.attempt, f.status, f.exit, f.error_action,
        f.rows, f.utc_time,
        f.cpus_n, f.cpus, f.memory_n, f.memory, f.time_ms_n, f.time_ms, f.pct_cpu_n, f.pct_cpu,
        f.pct_mem_n, f.pct_mem, f.peak_rss_n, f.peak_rss, f.read_bytes_n, f.read_bytes,
        f.write_bytes_n, f.write_bytes, f.cpu_eff_n, f.cpu_eff, f.memory_eff_n, f.memory_eff
    FROM rollup_window(since, until, 'hour', coarsest) w
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
