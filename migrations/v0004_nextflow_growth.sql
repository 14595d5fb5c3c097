-- What keeps answers quick over many millions of tasks. All of it adds: an executable that knows nothing of this
-- finds everything as it was.

-- ------------------------------------------------------------------------------------------------- runs by state

-- How a run has ended; null while it has not. What run_state says of such a run depends on nothing else, no moment.
ALTER TABLE run ADD COLUMN outcome text COLLATE "C" GENERATED ALWAYS AS (
    CASE
        WHEN completed_utc IS NOT NULL AND coalesce(segment_start, '-infinity') <= completed_segment THEN
            CASE
                WHEN success THEN 'succeeded'
                WHEN error_message ~ '\mSIG(INT|TERM|HUP)\M' THEN 'aborted'
                ELSE 'failed'
            END
    END
) STORED;

CREATE INDEX run_outcome ON run (outcome, first_utc DESC, run_key DESC) WHERE outcome IS NOT NULL;

-- ------------------------------------------------------------------------------------------- runs of a process

-- Which runs completed a process, and between which moments: distinct runs of a window, of one process.
CREATE TABLE run_process (
    process   text        NOT NULL COLLATE "C",
    run_key   uuid        NOT NULL,
    run_id    text        NOT NULL COLLATE "C",
    first_utc timestamptz NOT NULL,
    last_utc  timestamptz NOT NULL,
    PRIMARY KEY (process, run_key)
) WITH (fillfactor = 80);

INSERT INTO run_process
SELECT c.process, c.run_key, r.run_id, min(c.utc_time), max(c.utc_time)
FROM completion c
JOIN run r USING (run_key)
GROUP BY c.process, c.run_key, r.run_id;

-- -------------------------------------------------------------------------------------- what one question reads

-- The time line of one process reads its hours and no others'.
CREATE INDEX completion_rollup_process ON completion_rollup (process, grain, bucket);
-- Tasks that ended in one way, however rare.
CREATE INDEX completion_status ON completion (status, utc_time, run_key) WHERE status <> 'COMPLETED';

-- ----------------------------------------------------------------------------------------------- sealed sketches

-- Distributions of whole days, months and years that are over, made from the completions some time afterwards
-- (seal_sketches.sql). Completions are only ever inserted: as long as a bucket has as many as when it was sealed, its
-- sketches are complete; with one more, a reader takes finer buckets, and in the end the completions themselves.
-- They take the place of completion_sketch, which is written no more.
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

-- ------------------------------------------------------------------------------------------------------- windows

-- As before, in a form that leaves the planner one way only. It takes an edge for a share of the whole table, however
-- large that is, and with a plan for any parameters it read ten million completions to find a thousand.
CREATE OR REPLACE FUNCTION completion_facts(
    since timestamptz, until timestamptz, only_run_name text, only_process text, coarsest grain DEFAULT 'year'
)
RETURNS SETOF completion_rollup
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    -- OFFSET 0 keeps each join a nested loop over a key.
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
    -- One process apart, or a plan for any would read the rows of all.
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
