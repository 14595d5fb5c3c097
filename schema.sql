-- The schema that migrations/ leads to, as pg_dump writes it. Never edited by hand: scripts/schema makes it.

CREATE TYPE public.grain AS ENUM (
    'edge',
    'second',
    'hour',
    'day',
    'month',
    'year'
);

CREATE FUNCTION public.bucket_rows(of_grain public.grain, from_time timestamp with time zone, to_time timestamp with time zone) RETURNS TABLE(bucket timestamp with time zone, rows bigint)
    LANGUAGE plpgsql STABLE ROWS 30 PARALLEL SAFE
    AS $$
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

CREATE TABLE public.completion_rollup (
    grain public.grain NOT NULL,
    bucket timestamp with time zone NOT NULL,
    has_process boolean NOT NULL,
    process text NOT NULL COLLATE pg_catalog."C",
    attempt integer NOT NULL,
    status text NOT NULL COLLATE pg_catalog."C",
    exit text NOT NULL COLLATE pg_catalog."C",
    error_action text NOT NULL COLLATE pg_catalog."C",
    rows bigint NOT NULL,
    last_utc timestamp with time zone NOT NULL,
    cpus_n bigint NOT NULL,
    cpus numeric NOT NULL,
    memory_n bigint NOT NULL,
    memory numeric NOT NULL,
    time_ms_n bigint NOT NULL,
    time_ms numeric NOT NULL,
    pct_cpu_n bigint NOT NULL,
    pct_cpu numeric NOT NULL,
    pct_mem_n bigint NOT NULL,
    pct_mem numeric NOT NULL,
    peak_rss_n bigint NOT NULL,
    peak_rss numeric NOT NULL,
    read_bytes_n bigint NOT NULL,
    read_bytes numeric NOT NULL,
    write_bytes_n bigint NOT NULL,
    write_bytes numeric NOT NULL,
    cpu_eff_n bigint NOT NULL,
    cpu_eff numeric NOT NULL,
    memory_eff_n bigint NOT NULL,
    memory_eff numeric NOT NULL
)
WITH (fillfactor='80');

CREATE FUNCTION public.completion_facts(since timestamp with time zone, until timestamp with time zone, only_run_name text, only_process text, coarsest public.grain DEFAULT 'year'::public.grain, only_executor text DEFAULT NULL::text, only_machine_type text DEFAULT NULL::text) RETURNS SETOF public.completion_rollup
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
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

CREATE TABLE public.component (
    runtime_id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    component_type text NOT NULL,
    base_url text,
    status text NOT NULL,
    labels jsonb,
    capabilities jsonb,
    capacity integer,
    runtime jsonb,
    last_heartbeat timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    reported_status text NOT NULL,
    registered_at timestamp with time zone,
    deregistered_at timestamp with time zone,
    swept_before timestamp with time zone,
    CONSTRAINT component_component_type_check CHECK ((component_type = ANY (ARRAY['worker_pool'::text, 'server_api'::text, 'broker'::text])))
);

CREATE FUNCTION public.component_status(r public.component) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (((r).deregistered_at >= COALESCE((r).registered_at, '-infinity'::timestamp with time zone)) AND ((r).last_heartbeat < ((r).deregistered_at + '00:00:05'::interval))) THEN 'offline'::text WHEN ((r).last_heartbeat < (r).swept_before) THEN 'offline'::text ELSE (r).reported_status END;

CREATE FUNCTION public.count_samples(component_name boolean, meant text) RETURNS bigint
    LANGUAGE sql STABLE
    SET search_path TO '$user', 'public'
    AS $$
    WITH concerned AS MATERIALIZED (
        SELECT s.series_id, s.runtime_id
        FROM series s
        JOIN component c ON c.runtime_id = s.runtime_id
        WHERE CASE WHEN component_name THEN c.name ELSE s.metric_name END = meant
    )
    SELECT count(*)
    FROM sample_block b
    CROSS JOIN LATERAL unnest(b.series) AS e (series_id)
    JOIN concerned s ON s.series_id = e.series_id
    WHERE b.runtime_id IN (SELECT runtime_id FROM concerned);
$$;

CREATE FUNCTION public.create_noetl_views() RETURNS text
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
    AS $_$
BEGIN
    IF to_regclass('noetl.metrics') IS NOT NULL THEN
        RETURN NULL;
    END IF;
    IF to_regnamespace('noetl') IS NULL THEN
        CREATE SCHEMA noetl;
    END IF;

    -- Tables of the original, whose later releases renamed three columns: both names exist.
    CREATE VIEW noetl.runtime AS
    SELECT
        runtime_id, name, component_type, base_url, status, labels, capabilities, capacity, runtime, last_heartbeat,
        created_at, updated_at, component_type AS kind, base_url AS uri, last_heartbeat AS heartbeat
    FROM component;

    -- One row for each sample.
    CREATE VIEW noetl.metric AS
    SELECT
        b.metric_id + e.place - 1 AS metric_id,
        b.runtime_id,
        s.metric_name,
        s.metric_type,
        e.value AS metric_value,
        s.labels,
        s.help_text,
        s.unit,
        b.first_at + coalesce(e.after_us, 0) * interval '1 microsecond' AS "timestamp",
        b.received_at AS created_at,
        x.expires_at
    FROM sample_block b
    CROSS JOIN LATERAL unnest(b.series, b.after_us, b.value) WITH ORDINALITY AS e (series_id, after_us, value, place)
    -- The second condition is always true: with it the planner finds the blocks of a metric by their component.
    JOIN series s ON s.series_id = e.series_id AND s.runtime_id = b.runtime_id
    CROSS JOIN sample_care c
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN s.ttl IS NULL THEN b.received_at + c.keep
            ELSE greatest(b.received_at, s.ttl_set_at) + s.ttl
        END
    ) x (expires_at)
    WHERE x.expires_at > now();

    -- The same under the names of the original's documentation.
    CREATE VIEW noetl.metrics AS
    SELECT
        m.metric_id AS id,
        r.name AS component_name,
        r.component_type,
        m.metric_name,
        m.metric_type,
        m.metric_value,
        m.labels,
        m.help_text,
        m.unit,
        m."timestamp",
        m.created_at
    FROM noetl.metric m
    JOIN component r USING (runtime_id);

    -- Functions of the original. What they change is in no journal: a replay does not repeat it.

    CREATE SEQUENCE noetl.snowflake_seq;

    CREATE FUNCTION noetl.snowflake_id() RETURNS bigint
    LANGUAGE sql VOLATILE
    RETURN (
        (((extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1704067200000) << 23)
        | (1::bigint << 18)
        | (nextval('noetl.snowflake_seq') % 1024)
    );

    CREATE FUNCTION noetl.create_metric_partition(partition_date date) RETURNS text
    LANGUAGE plpgsql SET search_path FROM CURRENT
    AS $function$
    DECLARE
        partition_name text := 'sample_block_' || to_char(partition_date, 'YYYYMMDD');
        starts_at timestamptz := partition_date::timestamp AT TIME ZONE 'UTC';
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('weir partition sample_block', 0));
        IF to_regclass(partition_name) IS NULL THEN
            EXECUTE format(
                'CREATE TABLE %I (LIKE sample_block INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)',
                partition_name
            );
            EXECUTE format(
                'ALTER TABLE sample_block ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                partition_name, starts_at, starts_at + interval '24 hours'
            );
        END IF;
        RETURN 'metric_' || to_char(partition_date, 'YYYY_MM_DD');
    END
    $function$;

    CREATE FUNCTION noetl.create_metric_partitions_ahead(days_ahead integer DEFAULT 7) RETURNS text[]
    LANGUAGE sql SET search_path FROM CURRENT
    AS $function$
        SELECT coalesce(array_agg(noetl.create_metric_partition((now() AT TIME ZONE 'UTC')::date + n) ORDER BY n), '{}')
        FROM generate_series(0, days_ahead) AS n;
    $function$;

    CREATE FUNCTION noetl.initialize_metric_partitions() RETURNS text[]
    LANGUAGE sql SET search_path FROM CURRENT
    AS $function$
        SELECT noetl.create_metric_partitions_ahead(8)
            || noetl.create_metric_partition((now() AT TIME ZONE 'UTC')::date - 1);
    $function$;

    CREATE FUNCTION noetl.cleanup_expired_metrics() RETURNS text[]
    LANGUAGE plpgsql SET search_path FROM CURRENT
    AS $function$
    DECLARE
        dropped text[] := '{}';
        partition record;
    BEGIN
        FOR partition IN
            SELECT c.relname, to_date(right(c.relname, 8), 'YYYYMMDD') AS day
            FROM pg_inherits i
            JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'sample_block'::regclass
              AND to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC'
                  < first_kept_day(now() - (SELECT keep FROM sample_care))
            ORDER BY c.relname
        LOOP
            EXECUTE format('ALTER TABLE sample_block DETACH PARTITION %I', partition.relname);
            EXECUTE format('DROP TABLE %I', partition.relname);
            DELETE FROM sample_count WHERE day = partition.day;
            UPDATE sample_care SET dropped_days = dropped_days + 1;
            dropped := dropped || ('metric_' || to_char(partition.day, 'YYYY_MM_DD'));
        END LOOP;
        RETURN dropped;
    END
    $function$;

    CREATE FUNCTION noetl.set_metric_ttl(metric text, lifetime interval DEFAULT '1 day') RETURNS integer
    LANGUAGE sql SET search_path FROM CURRENT
    AS $function$
        SELECT set_sample_lifetime(false, metric, lifetime, now());
        SELECT least(count_samples(false, metric), 2147483647)::integer;
    $function$;

    CREATE FUNCTION noetl.extend_component_metrics_ttl(component text, lifetime interval DEFAULT '1 day')
    RETURNS integer
    LANGUAGE sql SET search_path FROM CURRENT
    AS $function$
        SELECT set_sample_lifetime(true, component, lifetime, now());
        SELECT least(count_samples(true, component), 2147483647)::integer;
    $function$;

    RETURN NULL;
EXCEPTION
    WHEN insufficient_privilege OR duplicate_table OR wrong_object_type THEN
        RETURN sqlerrm;
END
$_$;

CREATE FUNCTION public.derived_trace(kind text, name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT left(encode(sha256(convert_to('weir/trace/' || kind || '/' || name, 'UTF8')), 'hex'), 32) $$;

CREATE TABLE public.rollup_due (
    runtime_id bigint NOT NULL,
    hour timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    version bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.sample_block (
    received_at timestamp with time zone NOT NULL,
    runtime_id bigint NOT NULL,
    journal_id uuid NOT NULL,
    metric_id bigint NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    series integer[] NOT NULL,
    after_us bigint[],
    value double precision[] NOT NULL,
    exemplars jsonb,
    trace_refs text[],
    is_pushed boolean
)
PARTITION BY RANGE (received_at);

CREATE TABLE public.series (
    series_id integer NOT NULL,
    series_key uuid NOT NULL,
    runtime_id bigint NOT NULL,
    metric_name text NOT NULL COLLATE pg_catalog."C",
    metric_type text NOT NULL,
    labels jsonb,
    help_text text,
    unit text,
    described_at timestamp with time zone NOT NULL,
    ttl interval,
    ttl_set_at timestamp with time zone,
    CONSTRAINT series_metric_type_check CHECK ((metric_type = ANY (ARRAY['counter'::text, 'gauge'::text, 'histogram'::text, 'summary'::text])))
);

CREATE FUNCTION public.first_kept_day(oldest timestamp with time zone) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT date_trunc('day'::text, LEAST(oldest, (now() - ( SELECT max(series.ttl) AS max
            FROM public.series
           WHERE (series.ttl IS NOT NULL))), ( SELECT min(b.received_at) AS min
            FROM (( SELECT series.runtime_id,
                     array_agg(series.series_id) AS numbers
                    FROM public.series
                   WHERE ((series.ttl_set_at + series.ttl) > now())
                   GROUP BY series.runtime_id) s
              JOIN public.sample_block b ON (((b.runtime_id = s.runtime_id) AND (b.series && s.numbers))))
           WHERE (b.received_at < first_kept_day.oldest)), ( SELECT min(rollup_due.received_at) AS min
            FROM public.rollup_due
           WHERE (rollup_due.hour < (now() - '01:00:00'::interval)))), 'UTC'::text) AS date_trunc;
END;

CREATE FUNCTION public.has_foreign_trace(id text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$
    SELECT id !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
        OR id = '00000000-0000-0000-0000-000000000000'
$_$;

CREATE FUNCTION public.index_prefix(value text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT left(value, 200) COLLATE "C" $$;

CREATE FUNCTION public.rollup_summand(value double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (((value >= ('-1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'::numeric)::double precision) AND (value <= ('1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'::numeric)::double precision)) OR (value = 'NaN'::double precision)) THEN value WHEN (value > (0)::double precision) THEN 'Infinity'::double precision ELSE '-Infinity'::double precision END;

CREATE FUNCTION public.rollup_window(since timestamp with time zone, until timestamp with time zone, finest public.grain DEFAULT 'hour'::public.grain, coarsest public.grain DEFAULT 'year'::public.grain) RETURNS TABLE(grain public.grain, from_time timestamp with time zone, to_time timestamp with time zone)
    LANGUAGE plpgsql IMMUTABLE ROWS 9 PARALLEL SAFE
    AS $$
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

CREATE TABLE public.run (
    run_key uuid NOT NULL,
    run_id text NOT NULL COLLATE pg_catalog."C",
    run_name text NOT NULL COLLATE pg_catalog."C",
    first_utc timestamp with time zone NOT NULL,
    last_utc timestamp with time zone NOT NULL,
    first_received_at timestamp with time zone NOT NULL,
    last_received_at timestamp with time zone NOT NULL,
    started_utc timestamp with time zone,
    segment_start timestamp with time zone,
    task_utc timestamp with time zone,
    progress_utc timestamp with time zone,
    error_utc timestamp with time zone,
    completed_utc timestamp with time zone,
    completed_digest uuid,
    completed_segment timestamp with time zone,
    success boolean,
    error_message text,
    user_name text COLLATE pg_catalog."C",
    project_name text COLLATE pg_catalog."C",
    outcome text GENERATED ALWAYS AS (
CASE
    WHEN ((completed_utc IS NOT NULL) AND (COALESCE(segment_start, '-infinity'::timestamp with time zone) <= completed_segment)) THEN
    CASE
        WHEN success THEN 'succeeded'::text
        WHEN (error_message ~ '\mSIG(INT|TERM|HUP)\M'::text) THEN 'aborted'::text
        ELSE 'failed'::text
    END
    ELSE NULL::text
END) STORED COLLATE pg_catalog."C",
    tower_utc timestamp with time zone,
    weblog_utc timestamp with time zone
)
WITH (fillfactor='80');

CREATE FUNCTION public.run_state(r public.run, moment timestamp with time zone, stale_after interval[]) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT CASE
        WHEN r.tower_utc IS NULL OR r.weblog_utc > r.tower_utc + stale_after[2] THEN run_state(r, moment, stale_after[1])
        WHEN r.last_received_at < moment - stale_after[2]
             AND run_state(r, moment, interval '1000 years') IN ('pending', 'running') THEN 'stale'
        ELSE run_state(r, moment, interval '1000 years')
    END
$$;

CREATE FUNCTION public.run_state(r public.run, moment timestamp with time zone, stale_after interval) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
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

CREATE FUNCTION public.sealed_cover(of_grain public.grain, from_time timestamp with time zone, to_time timestamp with time zone) RETURNS TABLE(grain public.grain, piece_from timestamp with time zone, piece_to timestamp with time zone)
    LANGUAGE plpgsql STABLE ROWS 30 PARALLEL SAFE
    AS $$
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

CREATE FUNCTION public.sealed_window(since timestamp with time zone, until timestamp with time zone) RETURNS TABLE(grain public.grain, piece_from timestamp with time zone, piece_to timestamp with time zone)
    LANGUAGE sql STABLE ROWS 60 PARALLEL SAFE
    AS $$
    SELECT w.grain, w.from_time, w.to_time
    FROM rollup_window(since, until, 'day') w
    WHERE w.grain = 'edge'
    UNION ALL
    SELECT c.*
    FROM rollup_window(since, until, 'day') w
    CROSS JOIN LATERAL sealed_cover(w.grain, w.from_time, w.to_time) c
    WHERE w.grain <> 'edge'
$$;

CREATE FUNCTION public.set_sample_lifetime(component_name boolean, meant text, lifetime interval, at timestamp with time zone) RETURNS void
    LANGUAGE sql
    SET search_path TO '$user', 'public'
    AS $$
    INSERT INTO sample_lifetime AS l (of_component, name, ttl, set_at)
    VALUES (component_name, meant, lifetime, at)
    ON CONFLICT (of_component, name) DO UPDATE SET ttl = excluded.ttl, set_at = excluded.set_at
    WHERE (excluded.set_at, excluded.ttl) > (l.set_at, l.ttl);

    UPDATE series s
    SET ttl = lifetime, ttl_set_at = at
    FROM component c
    WHERE c.runtime_id = s.runtime_id
      AND CASE WHEN component_name THEN c.name ELSE s.metric_name END = meant
      AND (coalesce(s.ttl_set_at, '-infinity'), coalesce(s.ttl, '0')) <= (at, lifetime);
$$;

CREATE FUNCTION public.sketch_bin(value double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT CASE WHEN value < 1e-6 THEN -2000 ELSE floor(ln(value) / ln(1.01::double precision))::integer END
$$;

CREATE FUNCTION public.sketch_bins(sketch bytea) RETURNS TABLE(bin integer, rows bigint)
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
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

CREATE FUNCTION public.sketch_number(number bigint) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT CASE WHEN number BETWEEN 0 AND 254 THEN substring(int2send(number::smallint) FROM 2) ELSE '\xff'::bytea || int8send(number) END
$$;

CREATE FUNCTION public.sketch_value(bin integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
    SELECT CASE WHEN bin = -2000 THEN 0 ELSE power(1.01::double precision, bin + 0.5) END
$$;

CREATE FUNCTION public.task_status(status_rank smallint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
    SELECT (ARRAY['UNKNOWN', 'NEW', 'SUBMITTED', 'RUNNING', 'CACHED', 'COMPLETED', 'ABORTED', 'FAILED'])[status_rank + 1]
$$;

CREATE TABLE public.sample_care (
    only_row boolean DEFAULT true NOT NULL,
    keep interval DEFAULT '48:00:00'::interval NOT NULL,
    dropped_days bigint DEFAULT 0 NOT NULL,
    CONSTRAINT sample_care_only_row_check CHECK (only_row)
);

CREATE TABLE public.access_token (
    id uuid NOT NULL,
    name text NOT NULL,
    hash bytea NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT access_token_hash_check CHECK ((octet_length(hash) = 32)),
    CONSTRAINT access_token_scopes_check CHECK (((scopes <@ ARRAY['ingest'::text, 'read'::text, 'admin'::text]) AND (cardinality(scopes) > 0)))
);

CREATE SEQUENCE public.agent_run_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.agent_run (
    event_key uuid NOT NULL,
    id bigint DEFAULT nextval('public.agent_run_id'::regclass) NOT NULL,
    event_id text NOT NULL COLLATE pg_catalog."C",
    run_id text NOT NULL COLLATE pg_catalog."C",
    agent_name text NOT NULL COLLATE pg_catalog."C",
    job_type text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL COLLATE pg_catalog."C",
    created_at text NOT NULL COLLATE pg_catalog."C",
    created_order timestamp with time zone NOT NULL,
    created_is_time boolean NOT NULL,
    start_time text NOT NULL COLLATE pg_catalog."C",
    start_instant timestamp with time zone,
    api_posted boolean NOT NULL,
    parent_run_id text COLLATE pg_catalog."C",
    insight_id text COLLATE pg_catalog."C",
    website text COLLATE pg_catalog."C",
    website_section text COLLATE pg_catalog."C",
    git_repo text COLLATE pg_catalog."C",
    git_commit_hash text COLLATE pg_catalog."C",
    received_at timestamp with time zone NOT NULL,
    document json NOT NULL,
    ended_at timestamp with time zone,
    duration_ms bigint,
    CONSTRAINT agent_run_status_check CHECK ((status = ANY (ARRAY['running'::text, 'success'::text, 'failure'::text, 'partial'::text, 'timeout'::text, 'cancelled'::text])))
)
WITH (fillfactor='85');

CREATE TABLE public.agent_run_tally (
    facet text NOT NULL COLLATE pg_catalog."C",
    value_key uuid NOT NULL,
    value text NOT NULL COLLATE pg_catalog."C",
    runs bigint NOT NULL,
    last_at timestamp with time zone,
    CONSTRAINT agent_run_tally_facet_check CHECK ((facet = ANY (ARRAY['agent_name'::text, 'job_type'::text, 'created_hour'::text, 'agent_job_status'::text])))
)
WITH (fillfactor='50');

CREATE TABLE public.agent_run_trace (
    event_key uuid NOT NULL,
    trace_id uuid NOT NULL,
    traceparent text NOT NULL COLLATE pg_catalog."C",
    tracestate text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C",
    sent_at timestamp with time zone NOT NULL
);

CREATE VIEW public.agent_runs AS
 SELECT r.id,
    r.event_id,
    r.run_id,
    ((r.document ->> 'schema_version'::text))::bigint AS schema_version,
    r.created_at,
    (r.document ->> 'updated_at'::text) AS updated_at,
    r.start_time,
    (r.document ->> 'end_time'::text) AS end_time,
    r.agent_name,
    (r.document ->> 'agent_owner'::text) AS agent_owner,
    r.job_type,
    r.status,
    (r.document ->> 'product'::text) AS product,
    (r.document ->> 'product_family'::text) AS product_family,
    (r.document ->> 'platform'::text) AS platform,
    (r.document ->> 'subdomain'::text) AS subdomain,
    r.website,
    r.website_section,
    (r.document ->> 'item_name'::text) AS item_name,
    ((r.document ->> 'items_discovered'::text))::bigint AS items_discovered,
    ((r.document ->> 'items_succeeded'::text))::bigint AS items_succeeded,
    ((r.document ->> 'items_failed'::text))::bigint AS items_failed,
    ((r.document ->> 'items_skipped'::text))::bigint AS items_skipped,
    ((r.document ->> 'duration_ms'::text))::bigint AS duration_ms,
    (r.document ->> 'input_summary'::text) AS input_summary,
    (r.document ->> 'output_summary'::text) AS output_summary,
    (r.document ->> 'source_ref'::text) AS source_ref,
    (r.document ->> 'target_ref'::text) AS target_ref,
    (r.document ->> 'error_summary'::text) AS error_summary,
    (r.document ->> 'error_details'::text) AS error_details,
    r.git_repo,
    (r.document ->> 'git_branch'::text) AS git_branch,
    r.git_commit_hash,
    (r.document ->> 'git_run_tag'::text) AS git_run_tag,
    (r.document ->> 'git_commit_source'::text) AS git_commit_source,
    (r.document ->> 'git_commit_author'::text) AS git_commit_author,
    (r.document ->> 'git_commit_timestamp'::text) AS git_commit_timestamp,
    (r.document ->> 'host'::text) AS host,
    (r.document ->> 'environment'::text) AS environment,
    (r.document ->> 'trigger_type'::text) AS trigger_type,
    (r.document -> 'metrics_json'::text) AS metrics_json,
    (r.document -> 'context_json'::text) AS context_json,
    r.api_posted,
    (r.document ->> 'api_posted_at'::text) AS api_posted_at,
    ((r.document ->> 'api_retry_count'::text))::bigint AS api_retry_count,
    r.insight_id,
    r.parent_run_id
   FROM public.agent_run r;

CREATE TABLE public.alert_condition (
    rule_id uuid NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    since timestamp with time zone NOT NULL
);

CREATE TABLE public.alert_delivery (
    uuid uuid NOT NULL,
    "position" bigint NOT NULL,
    rule_id uuid,
    channel_id uuid,
    incident_id uuid,
    status text NOT NULL,
    state text NOT NULL,
    event text NOT NULL,
    message jsonb NOT NULL,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    error text,
    attempts integer DEFAULT 0 NOT NULL,
    max_attempts integer NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now() NOT NULL,
    lease_until timestamp with time zone,
    lease_owner text,
    sent_at timestamp with time zone,
    http_status integer,
    duration_ms bigint,
    dedupe_key text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone,
    CONSTRAINT alert_delivery_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'sending'::text, 'retrying'::text, 'sent'::text, 'failed'::text])))
);

ALTER TABLE public.alert_delivery ALTER COLUMN "position" ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.alert_delivery_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.alert_incident (
    uuid uuid NOT NULL,
    rule_id uuid,
    rule_name text NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    status text NOT NULL,
    event text NOT NULL,
    alert text NOT NULL,
    severity text NOT NULL,
    project text,
    title text NOT NULL,
    summary text NOT NULL,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    links jsonb DEFAULT '{}'::jsonb NOT NULL,
    source_ids text[] DEFAULT '{}'::text[] NOT NULL,
    value double precision,
    started_at timestamp with time zone NOT NULL,
    last_fired_at timestamp with time zone NOT NULL,
    firings bigint DEFAULT 1 NOT NULL,
    resolved_at timestamp with time zone,
    resolved_by text,
    flaps integer DEFAULT 0 NOT NULL,
    acknowledged_at timestamp with time zone,
    acknowledged_by text,
    notice text,
    notified_at timestamp with time zone,
    suppressed bigint DEFAULT 0 NOT NULL,
    silenced_by uuid,
    CONSTRAINT alert_incident_status_check CHECK ((status = ANY (ARRAY['firing'::text, 'resolved'::text])))
);

CREATE TABLE public.alert_match (
    rule_id uuid NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE public.alert_revision (
    is_only boolean DEFAULT true NOT NULL,
    revision bigint DEFAULT 0 NOT NULL,
    evaluated_at timestamp with time zone,
    CONSTRAINT alert_revision_is_only_check CHECK (is_only)
);

CREATE TABLE public.alert_rule (
    uuid uuid NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    description text,
    project_module text,
    enabled boolean DEFAULT true NOT NULL,
    severity text DEFAULT 'warning'::text NOT NULL,
    trigger_kind text NOT NULL,
    trigger_config jsonb DEFAULT '{}'::jsonb NOT NULL,
    scope jsonb DEFAULT '{}'::jsonb NOT NULL,
    channel_ids uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    cooldown_seconds integer DEFAULT 3600 NOT NULL,
    dedupe_by text DEFAULT 'subject'::text NOT NULL,
    send_resolved boolean DEFAULT false NOT NULL,
    origin text DEFAULT 'api'::text NOT NULL,
    last_fired_at timestamp with time zone,
    next_evaluation_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    evaluation_error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone
);

CREATE TABLE public.alert_silence (
    uuid uuid NOT NULL,
    matchers jsonb NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    schedule text,
    time_zone text,
    lasting interval,
    created_by text DEFAULT ''::text NOT NULL,
    comment text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT alert_silence_check CHECK ((ends_at >= starts_at)),
    CONSTRAINT alert_silence_check1 CHECK (((schedule IS NULL) = (lasting IS NULL)))
);

CREATE TABLE public.application (
    id bigint NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C"
);

CREATE SEQUENCE public.application_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.application_log (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    message text DEFAULT ''::text NOT NULL,
    log_level character varying(50) DEFAULT 'INFO'::character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    keywords jsonb DEFAULT '[]'::jsonb NOT NULL
);

CREATE TABLE public.completion (
    run_key uuid NOT NULL,
    completion_key uuid NOT NULL,
    telemetry_id bigint NOT NULL,
    utc_time timestamp with time zone NOT NULL,
    has_process boolean NOT NULL,
    process text NOT NULL COLLATE pg_catalog."C",
    attempt integer NOT NULL,
    status text NOT NULL COLLATE pg_catalog."C",
    exit text NOT NULL COLLATE pg_catalog."C",
    error_action text NOT NULL COLLATE pg_catalog."C",
    task_id text COLLATE pg_catalog."C",
    hash text COLLATE pg_catalog."C",
    name text COLLATE pg_catalog."C",
    sample_id text COLLATE pg_catalog."C",
    realtime_ms double precision,
    cpus double precision,
    memory double precision,
    time_ms double precision,
    pct_cpu double precision,
    pct_mem double precision,
    peak_rss double precision,
    read_bytes double precision,
    write_bytes double precision,
    rchar double precision,
    wchar double precision,
    executor text COLLATE pg_catalog."C",
    machine_type text COLLATE pg_catalog."C"
);

CREATE VIEW public.completion_fact AS
 SELECT completion.run_key,
    completion.completion_key,
    completion.telemetry_id,
    completion.utc_time,
    completion.has_process,
    completion.process,
    completion.attempt,
    completion.status,
    completion.exit,
    completion.error_action,
    (1)::bigint AS rows,
    (((completion.cpus IS NOT NULL))::integer)::bigint AS cpus_n,
    COALESCE((completion.cpus)::numeric, (0)::numeric) AS cpus,
    (((completion.memory IS NOT NULL))::integer)::bigint AS memory_n,
    COALESCE((completion.memory)::numeric, (0)::numeric) AS memory,
    (((completion.time_ms IS NOT NULL))::integer)::bigint AS time_ms_n,
    COALESCE((completion.time_ms)::numeric, (0)::numeric) AS time_ms,
    (((completion.pct_cpu IS NOT NULL))::integer)::bigint AS pct_cpu_n,
    COALESCE((completion.pct_cpu)::numeric, (0)::numeric) AS pct_cpu,
    (((completion.pct_mem IS NOT NULL))::integer)::bigint AS pct_mem_n,
    COALESCE((completion.pct_mem)::numeric, (0)::numeric) AS pct_mem,
    (((completion.peak_rss IS NOT NULL))::integer)::bigint AS peak_rss_n,
    COALESCE((completion.peak_rss)::numeric, (0)::numeric) AS peak_rss,
    (((completion.read_bytes IS NOT NULL))::integer)::bigint AS read_bytes_n,
    COALESCE((completion.read_bytes)::numeric, (0)::numeric) AS read_bytes,
    (((completion.write_bytes IS NOT NULL))::integer)::bigint AS write_bytes_n,
    COALESCE((completion.write_bytes)::numeric, (0)::numeric) AS write_bytes,
    ((COALESCE(((completion.pct_cpu IS NOT NULL) AND (completion.cpus > (0)::double precision)), false))::integer)::bigint AS cpu_eff_n,
    COALESCE(((completion.pct_cpu)::numeric / NULLIF(((GREATEST(completion.cpus, (0)::double precision))::numeric * (100)::numeric), (0)::numeric)), (0)::numeric) AS cpu_eff,
    ((COALESCE(((completion.peak_rss IS NOT NULL) AND (completion.memory > (0)::double precision)), false))::integer)::bigint AS memory_eff_n,
    COALESCE(((completion.peak_rss)::numeric / NULLIF((GREATEST(completion.memory, (0)::double precision))::numeric, (0)::numeric)), (0)::numeric) AS memory_eff,
    completion.executor,
    completion.machine_type
   FROM public.completion;

CREATE TABLE public.dead_letter (
    id bigint NOT NULL,
    journal_id uuid NOT NULL,
    stream text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    element integer NOT NULL,
    stage smallint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    received_at timestamp with time zone NOT NULL,
    sql_state text NOT NULL,
    reason text NOT NULL,
    members text DEFAULT ''::text NOT NULL,
    body text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    decided_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT dead_letter_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'retried'::text, 'dropped'::text])))
);

ALTER TABLE public.dead_letter ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.dead_letter_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.event_rollup (
    grain public.grain NOT NULL,
    bucket timestamp with time zone NOT NULL,
    event text NOT NULL COLLATE pg_catalog."C",
    rows bigint NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE public.execution (
    uuid uuid NOT NULL,
    project_module text NOT NULL COLLATE pg_catalog."C",
    archive_name text NOT NULL COLLATE pg_catalog."C",
    sources jsonb DEFAULT '[]'::jsonb NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL COLLATE pg_catalog."C",
    execution_phase text COLLATE pg_catalog."C",
    scheduler_name text COLLATE pg_catalog."C",
    scheduler_job_id text COLLATE pg_catalog."C",
    daliuge_session_id text COLLATE pg_catalog."C",
    daliuge_manager_url text COLLATE pg_catalog."C",
    daliuge_raw_status text COLLATE pg_catalog."C",
    remote_session_dir text COLLATE pg_catalog."C",
    control_phase text DEFAULT 'discovered'::text NOT NULL COLLATE pg_catalog."C",
    submission_state text DEFAULT 'not_started'::text NOT NULL COLLATE pg_catalog."C",
    submission_deadline_at timestamp with time zone,
    submission_abandoned_at timestamp with time zone,
    scheduler_state text DEFAULT 'not_submitted'::text NOT NULL COLLATE pg_catalog."C",
    scheduler_raw_state text COLLATE pg_catalog."C",
    scheduler_reason text COLLATE pg_catalog."C",
    daliuge_state text DEFAULT 'not_created'::text NOT NULL COLLATE pg_catalog."C",
    output_state text DEFAULT 'not_started'::text NOT NULL COLLATE pg_catalog."C",
    output_verification_required boolean DEFAULT false NOT NULL,
    output_verification_policy jsonb,
    terminal_outcome text COLLATE pg_catalog."C",
    failure_class text COLLATE pg_catalog."C",
    discovery_signature text COLLATE pg_catalog."C",
    manifest_sha256 text COLLATE pg_catalog."C",
    source_graph_sha256 text COLLATE pg_catalog."C",
    patched_graph_sha256 text COLLATE pg_catalog."C",
    physical_graph_sha256 text COLLATE pg_catalog."C",
    phase_timestamps jsonb DEFAULT '{}'::jsonb NOT NULL,
    last_reconciled_at timestamp with time zone,
    workflow_manifest jsonb,
    last_error text COLLATE pg_catalog."C",
    retry_count bigint DEFAULT 0 NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    created_by_id uuid,
    deployment_profile_id uuid,
    deployment_profile_revision bigint,
    deployment_profile_snapshot jsonb,
    project_config_id uuid,
    project_config_version bigint,
    correlation_id text COLLATE pg_catalog."C",
    create_idempotency_key text COLLATE pg_catalog."C",
    create_request_sha256 text NOT NULL COLLATE pg_catalog."C",
    mismatch_code text COLLATE pg_catalog."C",
    scheduler_observed_at timestamp with time zone,
    daliuge_observed_at timestamp with time zone,
    output_observed_at timestamp with time zone,
    trace_id uuid,
    traceparent text COLLATE pg_catalog."C",
    tracestate text COLLATE pg_catalog."C",
    trace_sent_at timestamp with time zone,
    CONSTRAINT execution_check CHECK ((NOT ((status = 'completed'::text) AND output_verification_required AND (output_state <> 'verified'::text)))),
    CONSTRAINT execution_control_phase_check CHECK ((control_phase = ANY (ARRAY['discovered'::text, 'admission_pending'::text, 'admitted'::text, 'manifest_generated'::text, 'graph_patched'::text, 'translated'::text, 'submission_pending'::text, 'submitted'::text, 'monitoring'::text, 'output_verification'::text, 'terminal'::text]))),
    CONSTRAINT execution_daliuge_state_check CHECK ((daliuge_state = ANY (ARRAY['not_created'::text, 'pristine'::text, 'building'::text, 'deploying'::text, 'running'::text, 'finished'::text, 'cancelled'::text, 'failed'::text, 'unknown'::text, 'unreachable'::text]))),
    CONSTRAINT execution_execution_phase_check CHECK ((execution_phase = ANY (ARRAY['stage_and_manifest'::text, 'submit'::text]))),
    CONSTRAINT execution_output_state_check CHECK ((output_state = ANY (ARRAY['not_started'::text, 'pending'::text, 'verifying'::text, 'verified'::text, 'failed'::text, 'unknown'::text]))),
    CONSTRAINT execution_scheduler_state_check CHECK ((scheduler_state = ANY (ARRAY['not_submitted'::text, 'pending'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text, 'timed_out'::text, 'unknown'::text]))),
    CONSTRAINT execution_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'awaiting_scheduler'::text, 'not_submitted'::text, 'completed'::text, 'failed'::text, 'retrying'::text, 'cancelled'::text]))),
    CONSTRAINT execution_submission_state_check CHECK ((submission_state = ANY (ARRAY['not_started'::text, 'preparing'::text, 'in_flight'::text, 'submitted'::text, 'uncertain'::text, 'failed'::text]))),
    CONSTRAINT execution_terminal_outcome_check CHECK ((terminal_outcome = ANY (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text, 'inconsistent'::text])))
)
WITH (fillfactor='70');

CREATE TABLE public.execution_artifact (
    uuid uuid NOT NULL,
    execution_id uuid NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    storage_kind text NOT NULL COLLATE pg_catalog."C",
    uri text COLLATE pg_catalog."C",
    inline_json jsonb,
    media_type text COLLATE pg_catalog."C",
    sha256 text NOT NULL COLLATE pg_catalog."C",
    size_bytes bigint,
    producer_phase text COLLATE pg_catalog."C",
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT execution_artifact_check CHECK (((uri IS NOT NULL) OR (inline_json IS NOT NULL))),
    CONSTRAINT execution_artifact_kind_check CHECK ((kind = ANY (ARRAY['manifest'::text, 'source_graph'::text, 'patched_graph'::text, 'physical_graph'::text, 'output_inventory'::text]))),
    CONSTRAINT execution_artifact_storage_kind_check CHECK ((storage_kind = ANY (ARRAY['database'::text, 'file'::text, 'remote'::text, 'http'::text])))
);

CREATE TABLE public.execution_observation (
    uuid uuid NOT NULL,
    execution_id uuid NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    normalized_state text NOT NULL COLLATE pg_catalog."C",
    raw_state text COLLATE pg_catalog."C",
    reason text COLLATE pg_catalog."C",
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    source_version text COLLATE pg_catalog."C",
    observed_at timestamp with time zone NOT NULL,
    CONSTRAINT execution_observation_kind_check CHECK ((kind = ANY (ARRAY['scheduler'::text, 'daliuge_session'::text, 'daliuge_graph'::text, 'output'::text])))
);

CREATE TABLE public.execution_tally (
    facet text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    count bigint NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE public.forward_position (
    destination uuid NOT NULL,
    journal_id uuid NOT NULL,
    received_at timestamp with time zone NOT NULL,
    metric_id bigint NOT NULL
);

CREATE TABLE public.import_portion (
    portion_key uuid NOT NULL,
    received_at timestamp with time zone NOT NULL
);

CREATE TABLE public.journal_position (
    journal_id uuid NOT NULL,
    stream text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    epoch bigint NOT NULL,
    received_at timestamp with time zone,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.keyword (
    id bigint NOT NULL,
    key character varying(255) NOT NULL COLLATE pg_catalog."C",
    value character varying(255) NOT NULL COLLATE pg_catalog."C"
);

ALTER TABLE public.keyword ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.keyword_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.notification_channel (
    uuid uuid NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    disabled_reason text,
    origin text DEFAULT 'api'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone
);

CREATE TABLE public.observability_integration_config (
    type character varying(64) NOT NULL,
    config_json text DEFAULT '{}'::text NOT NULL,
    status character varying(32) DEFAULT 'not_configured'::character varying NOT NULL,
    created_at timestamp without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamp without time zone DEFAULT CURRENT_TIMESTAMP NOT NULL
);

CREATE TABLE public.observability_integration_health (
    type character varying(64) NOT NULL,
    last_tested_at timestamp without time zone,
    last_success_at timestamp without time zone,
    last_error text,
    export_rate_per_min double precision DEFAULT 0 NOT NULL,
    drop_rate double precision DEFAULT 0 NOT NULL
);

CREATE TABLE public.outbox_consumer (
    name text NOT NULL,
    last_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    last_id bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.outbox_event (
    id bigint NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL,
    at timestamp with time zone NOT NULL,
    detail jsonb NOT NULL
);

ALTER TABLE public.outbox_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.ping (
    id uuid NOT NULL,
    check_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    exit_status bigint,
    rid uuid,
    event_id text COLLATE pg_catalog."C",
    method text NOT NULL COLLATE pg_catalog."C",
    remote text NOT NULL COLLATE pg_catalog."C",
    user_agent text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL,
    body_bytes bigint NOT NULL,
    CONSTRAINT ping_kind_check CHECK ((kind = ANY (ARRAY['success'::text, 'start'::text, 'fail'::text, 'log'::text])))
);

CREATE TABLE public.ping_check (
    id uuid NOT NULL,
    ping_uuid uuid NOT NULL,
    ping_key text COLLATE pg_catalog."C",
    key_digest uuid,
    slug text COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    project text COLLATE pg_catalog."C",
    period bigint,
    cron text COLLATE pg_catalog."C",
    time_zone text COLLATE pg_catalog."C",
    grace bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    paused_at timestamp with time zone,
    watched_from timestamp with time zone,
    missed_at timestamp with time zone,
    missed_due timestamp with time zone,
    CONSTRAINT ping_check_check CHECK (((period IS NULL) <> (cron IS NULL))),
    CONSTRAINT ping_check_check1 CHECK (((cron IS NULL) = (time_zone IS NULL))),
    CONSTRAINT ping_check_check2 CHECK ((((ping_key IS NULL) = (slug IS NULL)) AND ((ping_key IS NULL) = (key_digest IS NULL))))
);

CREATE TABLE public.ping_state (
    check_id uuid NOT NULL,
    last_ping_at timestamp with time zone,
    last_kind text COLLATE pg_catalog."C",
    last_exit bigint,
    last_start_at timestamp with time zone,
    open_run text,
    open_since timestamp with time zone,
    bare_run text,
    bare_at timestamp with time zone
)
WITH (fillfactor='70');

CREATE TABLE public.pipeline (
    id bigint NOT NULL,
    application_id bigint DEFAULT 0 NOT NULL,
    name character varying(255) NOT NULL,
    status character varying(255) DEFAULT 'NotStarted'::character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    is_completed boolean DEFAULT false NOT NULL,
    was_started boolean DEFAULT false NOT NULL,
    trace_id character varying(36),
    w3c_trace_id character(32) NOT NULL,
    parent_span_id character(16),
    trace_flags smallint DEFAULT 1 NOT NULL,
    tracestate text,
    first_items text
)
WITH (fillfactor='85');

CREATE TABLE public.pipeline_context_item (
    pipeline_id bigint NOT NULL,
    key character varying(255) NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL,
    value_type character varying(50) DEFAULT 'string'::character varying NOT NULL,
    place integer DEFAULT 0 NOT NULL,
    set_at timestamp with time zone NOT NULL
);

CREATE SEQUENCE public.pipeline_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.pipeline_keyword (
    pipeline_id bigint NOT NULL,
    keyword_id bigint NOT NULL
);

CREATE TABLE public.provenance_events (
    id uuid NOT NULL,
    occurred_at timestamp with time zone DEFAULT now() NOT NULL,
    event_type text NOT NULL COLLATE pg_catalog."C",
    project_module text NOT NULL COLLATE pg_catalog."C",
    source_identifier text COLLATE pg_catalog."C",
    execution_id uuid,
    actor text COLLATE pg_catalog."C",
    correlation_id text COLLATE pg_catalog."C",
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    received_at timestamp with time zone DEFAULT now() NOT NULL,
    source_identifiers text[] DEFAULT '{}'::text[] NOT NULL COLLATE pg_catalog."C",
    trace_id text COLLATE pg_catalog."C",
    content_digest uuid
);

CREATE TABLE public.provenance_feed (
    is_only boolean DEFAULT true NOT NULL,
    last_position bigint DEFAULT 0 NOT NULL,
    CONSTRAINT provenance_feed_is_only_check CHECK (is_only)
);

CREATE TABLE public.provenance_position (
    "position" bigint NOT NULL,
    event_id uuid NOT NULL
);

CREATE TABLE public.provenance_source (
    source_identifier text NOT NULL COLLATE pg_catalog."C",
    occurred_at timestamp with time zone NOT NULL,
    event_id uuid NOT NULL
);

CREATE TABLE public.provenance_unplaced (
    ordinal bigint NOT NULL,
    event_id uuid NOT NULL
);

ALTER TABLE public.provenance_unplaced ALTER COLUMN ordinal ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.provenance_unplaced_ordinal_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.push_family (
    group_key uuid NOT NULL,
    metric_name text NOT NULL COLLATE pg_catalog."C",
    pushed_id bigint NOT NULL,
    expires_at timestamp with time zone,
    family json NOT NULL
);

CREATE TABLE public.push_group (
    group_key uuid NOT NULL,
    labels json NOT NULL,
    pushed_id bigint DEFAULT 0 NOT NULL,
    expires_at timestamp with time zone,
    failed_id bigint DEFAULT 0 NOT NULL,
    cleared_id bigint DEFAULT 0 NOT NULL,
    deleted_id bigint DEFAULT 0 NOT NULL,
    changed_xid xid8 NOT NULL
);

CREATE TABLE public.recent_digest (
    digest uuid NOT NULL,
    received_at timestamp with time zone NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE public.rollup_day (
    starts_at timestamp with time zone NOT NULL,
    series_id integer NOT NULL,
    bucket smallint[] NOT NULL,
    count integer[],
    min double precision[],
    max double precision[],
    sum double precision[],
    last double precision[] NOT NULL,
    last_at timestamp with time zone[] NOT NULL,
    increase double precision[]
);

CREATE TABLE public.rollup_due_day (
    runtime_id bigint NOT NULL,
    day timestamp with time zone NOT NULL
);

CREATE TABLE public.rollup_five_minutes (
    starts_at timestamp with time zone NOT NULL,
    series_id integer NOT NULL,
    bucket smallint[] NOT NULL,
    count integer[],
    min double precision[],
    max double precision[],
    sum double precision[],
    last double precision[] NOT NULL,
    last_at timestamp with time zone[] NOT NULL,
    increase double precision[]
)
PARTITION BY RANGE (starts_at);

CREATE TABLE public.rollup_hour (
    starts_at timestamp with time zone NOT NULL,
    series_id integer NOT NULL,
    bucket smallint[] NOT NULL,
    count integer[],
    min double precision[],
    max double precision[],
    sum double precision[],
    last double precision[] NOT NULL,
    last_at timestamp with time zone[] NOT NULL,
    increase double precision[]
);

CREATE TABLE public.rollup_minute (
    starts_at timestamp with time zone NOT NULL,
    series_id integer NOT NULL,
    bucket smallint[] NOT NULL,
    count integer[],
    min double precision[],
    max double precision[],
    sum double precision[],
    last double precision[] NOT NULL,
    last_at timestamp with time zone[] NOT NULL,
    increase double precision[]
)
PARTITION BY RANGE (starts_at);

CREATE TABLE public.run_container (
    run_key uuid NOT NULL,
    request_id text NOT NULL COLLATE pg_catalog."C",
    container jsonb NOT NULL,
    told_at timestamp with time zone NOT NULL,
    digest uuid NOT NULL
);

CREATE TABLE public.run_process (
    process text NOT NULL COLLATE pg_catalog."C",
    run_key uuid NOT NULL,
    run_id text NOT NULL COLLATE pg_catalog."C",
    first_utc timestamp with time zone NOT NULL,
    last_utc timestamp with time zone NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE public.run_rollup (
    grain public.grain NOT NULL,
    bucket timestamp with time zone NOT NULL,
    run_key uuid NOT NULL,
    run_id text NOT NULL COLLATE pg_catalog."C",
    rows bigint NOT NULL,
    succeeded bigint NOT NULL,
    failed bigint NOT NULL,
    retried bigint NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE public.run_segment (
    run_key uuid NOT NULL,
    segment_start timestamp with time zone NOT NULL,
    started_utc timestamp with time zone,
    completed_utc timestamp with time zone,
    told_by_completed boolean NOT NULL,
    told_utc timestamp with time zone NOT NULL,
    told_digest uuid NOT NULL,
    complete_at timestamp with time zone,
    duration_ms bigint,
    success boolean,
    exit_status bigint,
    error_message text,
    error_report text,
    resume boolean,
    parameters jsonb,
    workflow jsonb,
    manifest jsonb,
    stats jsonb
)
WITH (fillfactor='80');

CREATE TABLE public.run_tower (
    run_key uuid NOT NULL,
    workflow_id text NOT NULL COLLATE pg_catalog."C",
    workspace_id bigint,
    progress jsonb,
    progress_at timestamp with time zone,
    progress_digest uuid,
    process_names jsonb,
    dag jsonb,
    launched boolean,
    begin_at timestamp with time zone,
    begin_digest uuid,
    config_text text,
    config_at timestamp with time zone,
    config_digest uuid,
    metrics jsonb,
    metrics_at timestamp with time zone,
    metrics_digest uuid
)
WITH (fillfactor='80');

CREATE TABLE public.sample_count (
    day date NOT NULL,
    journal_id uuid NOT NULL,
    samples bigint NOT NULL
);

CREATE TABLE public.sample_lifetime (
    of_component boolean NOT NULL,
    name text NOT NULL COLLATE pg_catalog."C",
    ttl interval NOT NULL,
    set_at timestamp with time zone NOT NULL
);

CREATE TABLE public.sample_sweep (
    day date NOT NULL,
    swept_at timestamp with time zone NOT NULL
);

CREATE TABLE public.sealed_bucket (
    grain public.grain NOT NULL,
    bucket timestamp with time zone NOT NULL,
    seen_rows bigint NOT NULL,
    rows bigint
);

CREATE TABLE public.sealed_sketch (
    grain public.grain NOT NULL,
    bucket timestamp with time zone NOT NULL,
    process text NOT NULL COLLATE pg_catalog."C",
    attempt integer NOT NULL,
    pct_cpu bytea NOT NULL,
    pct_mem bytea NOT NULL,
    peak_rss bytea NOT NULL
)
WITH (toast_tuple_target='8160');
ALTER TABLE ONLY public.sealed_sketch ALTER COLUMN pct_cpu SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.sealed_sketch ALTER COLUMN pct_mem SET STORAGE EXTERNAL;
ALTER TABLE ONLY public.sealed_sketch ALTER COLUMN peak_rss SET STORAGE EXTERNAL;

ALTER TABLE public.series ALTER COLUMN series_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.series_series_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.span (
    trace_id uuid NOT NULL,
    span_id bigint NOT NULL,
    parent_id bigint,
    name text NOT NULL,
    kind smallint NOT NULL,
    start_ns bigint NOT NULL,
    end_ns bigint NOT NULL,
    status smallint NOT NULL,
    status_message text,
    service text COLLATE pg_catalog."C",
    message bytea NOT NULL,
    digest uuid NOT NULL,
    received_at timestamp with time zone NOT NULL
);

CREATE TABLE public.stage (
    id bigint NOT NULL,
    pipeline_id bigint NOT NULL,
    name character varying(255) NOT NULL,
    description text,
    stage_handler_name character varying(300),
    status character varying(255) DEFAULT 'NotStarted'::character varying NOT NULL,
    created_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    is_skipped boolean DEFAULT false NOT NULL,
    is_event boolean DEFAULT false NOT NULL,
    span_id character varying(36),
    retry_attempt integer DEFAULT 0 NOT NULL,
    next_retry_at timestamp with time zone,
    CONSTRAINT stage_retry_attempt_check CHECK ((retry_attempt >= 0))
)
WITH (fillfactor='80');

CREATE SEQUENCE public.stage_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.stage_io (
    stage_id bigint NOT NULL,
    input text,
    output text
);

CREATE TABLE public.stage_log (
    id bigint NOT NULL,
    stage_id bigint NOT NULL,
    log text NOT NULL,
    log_level character varying(50) DEFAULT 'INFO'::character varying NOT NULL,
    created_at timestamp with time zone NOT NULL
);

ALTER TABLE public.stage_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.stage_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.stage_options (
    stage_id bigint NOT NULL,
    run_next_if_failed boolean DEFAULT false NOT NULL,
    retry_interval integer DEFAULT 0 NOT NULL,
    time_out integer DEFAULT 0 NOT NULL,
    max_retries integer DEFAULT 0 NOT NULL,
    depends_on text[] DEFAULT '{}'::text[] NOT NULL,
    run_in_parallel_with text[] DEFAULT '{}'::text[] NOT NULL,
    fail_if_output_empty boolean DEFAULT false NOT NULL,
    notify_on_failure boolean DEFAULT false NOT NULL,
    run_as_user text
);

CREATE TABLE public.stage_report (
    stage_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    journal uuid NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    body text NOT NULL,
    pipeline_id bigint
);

CREATE TABLE public.stage_retry (
    stage_id bigint NOT NULL,
    attempt integer NOT NULL,
    started_at timestamp with time zone,
    failed_at timestamp with time zone NOT NULL
);

CREATE TABLE public.task (
    run_key uuid NOT NULL,
    task_number bigint NOT NULL,
    task_id text NOT NULL COLLATE pg_catalog."C",
    hash text NOT NULL COLLATE pg_catalog."C",
    status_rank smallint NOT NULL,
    submitted boolean NOT NULL,
    started boolean NOT NULL,
    completed boolean NOT NULL,
    first_utc timestamp with time zone NOT NULL,
    last_utc timestamp with time zone NOT NULL,
    process text COLLATE pg_catalog."C",
    name text COLLATE pg_catalog."C",
    tag text COLLATE pg_catalog."C",
    attempt integer,
    exit text COLLATE pg_catalog."C",
    error_action text COLLATE pg_catalog."C",
    submit_at timestamp with time zone,
    start_at timestamp with time zone,
    complete_at timestamp with time zone,
    duration_ms double precision,
    realtime_ms double precision,
    cpus double precision,
    memory double precision,
    disk double precision,
    time_ms double precision,
    pct_cpu double precision,
    pct_mem double precision,
    rss double precision,
    vmem double precision,
    peak_rss double precision,
    peak_vmem double precision,
    rchar double precision,
    wchar double precision,
    read_bytes double precision,
    write_bytes double precision,
    native_id text COLLATE pg_catalog."C",
    queue text COLLATE pg_catalog."C",
    container text COLLATE pg_catalog."C",
    workdir text COLLATE pg_catalog."C",
    hostname text COLLATE pg_catalog."C",
    executor text COLLATE pg_catalog."C",
    machine_type text COLLATE pg_catalog."C",
    cloud_zone text COLLATE pg_catalog."C",
    price_model text COLLATE pg_catalog."C",
    spot_interruptions integer,
    tower_told bigint
)
WITH (fillfactor='85');

CREATE TABLE public.telemetry (
    id bigint NOT NULL,
    run_id text NOT NULL,
    run_name text NOT NULL,
    event text NOT NULL,
    utc_time timestamp with time zone NOT NULL,
    metadata_ jsonb NOT NULL,
    trace jsonb NOT NULL,
    received_at timestamp with time zone NOT NULL,
    journal_id uuid NOT NULL,
    seq bigint NOT NULL,
    run_key uuid NOT NULL,
    is_resend boolean NOT NULL,
    altered boolean NOT NULL
)
PARTITION BY RANGE (received_at);

CREATE SEQUENCE public.telemetry_id
    START WITH 1
    INCREMENT BY 10000
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.tower_call (
    received_at timestamp with time zone NOT NULL,
    journal_id uuid NOT NULL,
    seq bigint NOT NULL,
    workflow_id text NOT NULL COLLATE pg_catalog."C",
    workspace_id bigint,
    call text NOT NULL COLLATE pg_catalog."C",
    instant timestamp with time zone NOT NULL,
    is_resend boolean NOT NULL,
    altered boolean NOT NULL,
    body jsonb NOT NULL
)
PARTITION BY RANGE (received_at);

CREATE TABLE public.tower_pending (
    workflow_id text NOT NULL COLLATE pg_catalog."C",
    journal_id uuid NOT NULL,
    seq bigint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    body text NOT NULL
);

CREATE TABLE public.tower_workflow (
    workflow_id text NOT NULL COLLATE pg_catalog."C",
    run_key uuid,
    run_id text COLLATE pg_catalog."C",
    run_name text COLLATE pg_catalog."C",
    seen_at timestamp with time zone NOT NULL
);

CREATE TABLE public.trace_export (
    system text NOT NULL,
    subject text NOT NULL,
    name text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    held_until timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    "position" text,
    last_error text
);

CREATE TABLE public.weir_migration (
    version integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.worker_alias (
    id bigint NOT NULL,
    worker_id bigint NOT NULL
);

CREATE TABLE public.worker_client (
    id bigint NOT NULL,
    application_id bigint NOT NULL,
    instance_id character varying(255) NOT NULL COLLATE pg_catalog."C",
    worker_name character varying(255) NOT NULL,
    worker_version text,
    sdk_version text,
    environment text,
    host_name text,
    pid bigint,
    state character varying(50) DEFAULT 'starting'::character varying NOT NULL,
    status_reason text,
    session_hash bytea,
    session_expires_at timestamp with time zone,
    session_at timestamp with time zone,
    broker_connected boolean DEFAULT false NOT NULL,
    in_flight_jobs bigint DEFAULT 0 NOT NULL,
    jobs_processed bigint DEFAULT 0 NOT NULL,
    jobs_failed bigint DEFAULT 0 NOT NULL,
    queue_lag bigint,
    cpu_percent double precision,
    memory_mb double precision,
    uptime_sec bigint,
    last_error text,
    started_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    stopped_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    lost_at timestamp with time zone,
    supported_handlers jsonb DEFAULT '[]'::jsonb NOT NULL,
    capabilities jsonb DEFAULT '{}'::jsonb NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    marks text
)
WITH (fillfactor='70');

CREATE TABLE public.worker_event (
    id bigint NOT NULL,
    worker_id bigint NOT NULL,
    ts timestamp with time zone NOT NULL,
    level character varying(10) NOT NULL,
    event_type text NOT NULL,
    message text NOT NULL,
    details_json jsonb
);

CREATE SEQUENCE public.worker_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE public.worker_report (
    worker_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    journal uuid NOT NULL,
    seq bigint NOT NULL,
    body text NOT NULL
);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_hash_key UNIQUE (hash);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_name_key UNIQUE (name);

ALTER TABLE ONLY public.access_token
    ADD CONSTRAINT access_token_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.agent_run
    ADD CONSTRAINT agent_run_pkey PRIMARY KEY (event_key);

ALTER TABLE ONLY public.agent_run_tally
    ADD CONSTRAINT agent_run_tally_pkey PRIMARY KEY (facet, value_key);

ALTER TABLE ONLY public.agent_run_trace
    ADD CONSTRAINT agent_run_trace_pkey PRIMARY KEY (event_key);

ALTER TABLE ONLY public.alert_condition
    ADD CONSTRAINT alert_condition_pkey PRIMARY KEY (rule_id, key);

ALTER TABLE ONLY public.alert_delivery
    ADD CONSTRAINT alert_delivery_pkey PRIMARY KEY (uuid);

ALTER TABLE ONLY public.alert_incident
    ADD CONSTRAINT alert_incident_pkey PRIMARY KEY (uuid);

ALTER TABLE ONLY public.alert_revision
    ADD CONSTRAINT alert_revision_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY public.alert_rule
    ADD CONSTRAINT alert_rule_pkey PRIMARY KEY (uuid);

ALTER TABLE ONLY public.alert_silence
    ADD CONSTRAINT alert_silence_pkey PRIMARY KEY (uuid);

ALTER TABLE ONLY public.application
    ADD CONSTRAINT application_name_key UNIQUE (name);

ALTER TABLE ONLY public.application
    ADD CONSTRAINT application_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.completion
    ADD CONSTRAINT completion_pkey PRIMARY KEY (run_key, completion_key);

ALTER TABLE ONLY public.completion_rollup
    ADD CONSTRAINT completion_rollup_pkey PRIMARY KEY (grain, bucket, process, has_process, attempt, status, exit, error_action);

ALTER TABLE ONLY public.component
    ADD CONSTRAINT component_pkey PRIMARY KEY (runtime_id);

ALTER TABLE ONLY public.component
    ADD CONSTRAINT component_type_name UNIQUE (component_type, name);

ALTER TABLE ONLY public.dead_letter
    ADD CONSTRAINT dead_letter_journal_id_stream_seq_element_key UNIQUE (journal_id, stream, seq, element);

ALTER TABLE ONLY public.dead_letter
    ADD CONSTRAINT dead_letter_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.event_rollup
    ADD CONSTRAINT event_rollup_pkey PRIMARY KEY (grain, bucket, event);

ALTER TABLE ONLY public.execution_artifact
    ADD CONSTRAINT execution_artifact_execution_id_kind_sha256_key UNIQUE (execution_id, kind, sha256);

ALTER TABLE ONLY public.execution_artifact
    ADD CONSTRAINT execution_artifact_pkey PRIMARY KEY (execution_id, uuid);

ALTER TABLE ONLY public.execution_observation
    ADD CONSTRAINT execution_observation_pkey PRIMARY KEY (execution_id, uuid);

ALTER TABLE ONLY public.execution
    ADD CONSTRAINT execution_pkey PRIMARY KEY (uuid);

ALTER TABLE ONLY public.execution_tally
    ADD CONSTRAINT execution_tally_pkey PRIMARY KEY (facet, value);

ALTER TABLE ONLY public.forward_position
    ADD CONSTRAINT forward_position_pkey PRIMARY KEY (destination, journal_id);

ALTER TABLE ONLY public.import_portion
    ADD CONSTRAINT import_portion_pkey PRIMARY KEY (portion_key);

ALTER TABLE ONLY public.journal_position
    ADD CONSTRAINT journal_position_pkey PRIMARY KEY (journal_id, stream);

ALTER TABLE ONLY public.keyword
    ADD CONSTRAINT keyword_key_value_key UNIQUE (key, value);

ALTER TABLE ONLY public.keyword
    ADD CONSTRAINT keyword_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.notification_channel
    ADD CONSTRAINT notification_channel_name_key UNIQUE (name);

ALTER TABLE ONLY public.notification_channel
    ADD CONSTRAINT notification_channel_pkey PRIMARY KEY (uuid);

ALTER TABLE ONLY public.observability_integration_config
    ADD CONSTRAINT observability_integration_config_pkey PRIMARY KEY (type);

ALTER TABLE ONLY public.observability_integration_health
    ADD CONSTRAINT observability_integration_health_pkey PRIMARY KEY (type);

ALTER TABLE ONLY public.outbox_consumer
    ADD CONSTRAINT outbox_consumer_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.outbox_event
    ADD CONSTRAINT outbox_event_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ping_check
    ADD CONSTRAINT ping_check_ping_uuid_key UNIQUE (ping_uuid);

ALTER TABLE ONLY public.ping_check
    ADD CONSTRAINT ping_check_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ping
    ADD CONSTRAINT ping_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.ping_state
    ADD CONSTRAINT ping_state_pkey PRIMARY KEY (check_id);

ALTER TABLE ONLY public.pipeline_context_item
    ADD CONSTRAINT pipeline_context_item_pkey PRIMARY KEY (pipeline_id, key);

ALTER TABLE ONLY public.pipeline_keyword
    ADD CONSTRAINT pipeline_keyword_pkey PRIMARY KEY (pipeline_id, keyword_id);

ALTER TABLE ONLY public.pipeline
    ADD CONSTRAINT pipeline_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.provenance_events
    ADD CONSTRAINT provenance_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.provenance_feed
    ADD CONSTRAINT provenance_feed_pkey PRIMARY KEY (is_only);

ALTER TABLE ONLY public.provenance_position
    ADD CONSTRAINT provenance_position_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY public.provenance_position
    ADD CONSTRAINT provenance_position_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY public.provenance_source
    ADD CONSTRAINT provenance_source_pkey PRIMARY KEY (source_identifier, occurred_at, event_id);

ALTER TABLE ONLY public.provenance_unplaced
    ADD CONSTRAINT provenance_unplaced_pkey PRIMARY KEY (ordinal);

ALTER TABLE ONLY public.push_family
    ADD CONSTRAINT push_family_pkey PRIMARY KEY (group_key, metric_name);

ALTER TABLE ONLY public.push_group
    ADD CONSTRAINT push_group_pkey PRIMARY KEY (group_key);

ALTER TABLE ONLY public.recent_digest
    ADD CONSTRAINT recent_digest_pkey PRIMARY KEY (digest);

ALTER TABLE ONLY public.rollup_day
    ADD CONSTRAINT rollup_day_pkey PRIMARY KEY (series_id, starts_at);

ALTER TABLE ONLY public.rollup_due_day
    ADD CONSTRAINT rollup_due_day_pkey PRIMARY KEY (runtime_id, day);

ALTER TABLE ONLY public.rollup_due
    ADD CONSTRAINT rollup_due_pkey PRIMARY KEY (runtime_id, hour);

ALTER TABLE ONLY public.rollup_five_minutes
    ADD CONSTRAINT rollup_five_minutes_pkey PRIMARY KEY (series_id, starts_at);

ALTER TABLE ONLY public.rollup_hour
    ADD CONSTRAINT rollup_hour_pkey PRIMARY KEY (series_id, starts_at);

ALTER TABLE ONLY public.rollup_minute
    ADD CONSTRAINT rollup_minute_pkey PRIMARY KEY (series_id, starts_at);

ALTER TABLE ONLY public.run_container
    ADD CONSTRAINT run_container_pkey PRIMARY KEY (run_key, request_id);

ALTER TABLE ONLY public.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (run_key);

ALTER TABLE ONLY public.run_process
    ADD CONSTRAINT run_process_pkey PRIMARY KEY (process, run_key);

ALTER TABLE ONLY public.run_rollup
    ADD CONSTRAINT run_rollup_pkey PRIMARY KEY (grain, bucket, run_key);

ALTER TABLE ONLY public.run_segment
    ADD CONSTRAINT run_segment_pkey PRIMARY KEY (run_key, segment_start);

ALTER TABLE ONLY public.run_tower
    ADD CONSTRAINT run_tower_pkey PRIMARY KEY (run_key);

ALTER TABLE ONLY public.sample_care
    ADD CONSTRAINT sample_care_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.sample_count
    ADD CONSTRAINT sample_count_pkey PRIMARY KEY (day, journal_id);

ALTER TABLE ONLY public.sample_lifetime
    ADD CONSTRAINT sample_lifetime_pkey PRIMARY KEY (of_component, name);

ALTER TABLE ONLY public.sample_sweep
    ADD CONSTRAINT sample_sweep_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.sealed_bucket
    ADD CONSTRAINT sealed_bucket_pkey PRIMARY KEY (grain, bucket);

ALTER TABLE ONLY public.sealed_sketch
    ADD CONSTRAINT sealed_sketch_pkey PRIMARY KEY (grain, bucket, process, attempt);

ALTER TABLE ONLY public.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (series_id);

ALTER TABLE ONLY public.series
    ADD CONSTRAINT series_series_key_key UNIQUE (series_key);

ALTER TABLE ONLY public.span
    ADD CONSTRAINT span_pkey PRIMARY KEY (trace_id, span_id);

ALTER TABLE ONLY public.stage_io
    ADD CONSTRAINT stage_io_pkey PRIMARY KEY (stage_id);

ALTER TABLE ONLY public.stage_log
    ADD CONSTRAINT stage_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.stage_options
    ADD CONSTRAINT stage_options_pkey PRIMARY KEY (stage_id);

ALTER TABLE ONLY public.stage
    ADD CONSTRAINT stage_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.stage_report
    ADD CONSTRAINT stage_report_pkey PRIMARY KEY (stage_id, at, journal, seq);

ALTER TABLE ONLY public.stage_retry
    ADD CONSTRAINT stage_retry_pkey PRIMARY KEY (stage_id, attempt, failed_at);

ALTER TABLE ONLY public.task
    ADD CONSTRAINT task_pkey PRIMARY KEY (run_key, task_number, task_id, hash);

ALTER TABLE ONLY public.tower_pending
    ADD CONSTRAINT tower_pending_pkey PRIMARY KEY (workflow_id, journal_id, seq);

ALTER TABLE ONLY public.tower_workflow
    ADD CONSTRAINT tower_workflow_pkey PRIMARY KEY (workflow_id);

ALTER TABLE ONLY public.trace_export
    ADD CONSTRAINT trace_export_pkey PRIMARY KEY (system, subject, name);

ALTER TABLE ONLY public.weir_migration
    ADD CONSTRAINT weir_migration_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.worker_alias
    ADD CONSTRAINT worker_alias_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.worker_client
    ADD CONSTRAINT worker_client_application_id_instance_id_key UNIQUE (application_id, instance_id);

ALTER TABLE ONLY public.worker_client
    ADD CONSTRAINT worker_client_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.worker_report
    ADD CONSTRAINT worker_report_pkey PRIMARY KEY (worker_id, at, journal, seq);

CREATE INDEX agent_run_agent ON public.agent_run USING btree (public.index_prefix(agent_name), created_order DESC);

CREATE INDEX agent_run_commit ON public.agent_run USING btree (public.index_prefix(git_commit_hash)) WHERE (git_commit_hash IS NOT NULL);

CREATE INDEX agent_run_created ON public.agent_run USING btree (created_order DESC, id);

CREATE INDEX agent_run_ended ON public.agent_run USING btree (ended_at DESC) WHERE (ended_at IS NOT NULL);

CREATE INDEX agent_run_foreign_trace ON public.agent_run USING btree (public.derived_trace('runs'::text, event_id)) WHERE public.has_foreign_trace(event_id);

CREATE INDEX agent_run_insight ON public.agent_run USING btree (public.index_prefix(insight_id)) WHERE (insight_id IS NOT NULL);

CREATE INDEX agent_run_job ON public.agent_run USING btree (public.index_prefix(job_type), created_order DESC);

CREATE INDEX agent_run_parent ON public.agent_run USING btree (public.index_prefix(parent_run_id)) WHERE (parent_run_id IS NOT NULL);

CREATE INDEX agent_run_posted ON public.agent_run USING btree (created_order DESC) WHERE api_posted;

CREATE INDEX agent_run_run ON public.agent_run USING btree (public.index_prefix(run_id));

CREATE INDEX agent_run_start ON public.agent_run USING brin (start_instant) WITH (autosummarize='on');

CREATE INDEX agent_run_status ON public.agent_run USING btree (status, created_order DESC) WHERE (status <> 'success'::text);

CREATE INDEX agent_run_trace_id ON public.agent_run_trace USING btree (trace_id);

CREATE INDEX agent_run_untimed ON public.agent_run USING btree (created_order DESC) WHERE (NOT created_is_time);

CREATE INDEX agent_run_website ON public.agent_run USING btree (public.index_prefix(website), public.index_prefix(website_section)) WHERE (website IS NOT NULL);

CREATE INDEX alert_delivery_channel ON public.alert_delivery USING btree (channel_id, created_at DESC);

CREATE INDEX alert_delivery_created ON public.alert_delivery USING btree (created_at DESC, uuid DESC);

CREATE INDEX alert_delivery_incident ON public.alert_delivery USING btree (incident_id, created_at);

CREATE INDEX alert_delivery_open ON public.alert_delivery USING btree (channel_id, "position") WHERE (status = ANY (ARRAY['pending'::text, 'sending'::text, 'retrying'::text]));

CREATE INDEX alert_delivery_rule ON public.alert_delivery USING btree (rule_id, created_at DESC);

CREATE INDEX alert_delivery_taken ON public.alert_delivery USING btree (lease_owner) WHERE (status = 'sending'::text);

CREATE INDEX alert_incident_event ON public.alert_incident USING btree (event) WHERE (status = 'firing'::text);

CREATE UNIQUE INDEX alert_incident_firing ON public.alert_incident USING btree (rule_id, key) WHERE (status = 'firing'::text);

CREATE INDEX alert_incident_key ON public.alert_incident USING btree (rule_id, key, last_fired_at DESC);

CREATE INDEX alert_incident_notice ON public.alert_incident USING btree (last_fired_at) WHERE (notice IS NOT NULL);

CREATE INDEX alert_incident_notified ON public.alert_incident USING btree (rule_id, notified_at DESC) WHERE (notified_at IS NOT NULL);

CREATE INDEX alert_incident_open ON public.alert_incident USING btree (started_at DESC, uuid DESC) WHERE (status = 'firing'::text);

CREATE INDEX alert_incident_pipeline ON public.alert_incident USING btree (((labels ->> 'pipeline'::text))) WHERE (status = 'firing'::text);

CREATE INDEX alert_incident_recent ON public.alert_incident USING btree (last_fired_at DESC, uuid DESC);

CREATE INDEX alert_incident_suppressed ON public.alert_incident USING btree (rule_id, key) WHERE (suppressed > 0);

CREATE INDEX alert_match_at ON public.alert_match USING btree (rule_id, at);

CREATE INDEX alert_rule_due ON public.alert_rule USING btree (next_evaluation_at) WHERE enabled;

CREATE INDEX alert_silence_end ON public.alert_silence USING btree (ends_at);

CREATE INDEX application_log_received ON public.application_log USING btree (received_at);

CREATE INDEX completion_executor ON public.completion USING btree (executor, utc_time) WHERE (executor IS NOT NULL);

CREATE INDEX completion_machine_type ON public.completion USING btree (machine_type, utc_time) WHERE (machine_type IS NOT NULL);

CREATE INDEX completion_process ON public.completion USING btree (process, attempt, utc_time) INCLUDE (has_process, pct_cpu, pct_mem, peak_rss);

CREATE INDEX completion_rollup_process ON public.completion_rollup USING btree (process, grain, bucket);

CREATE INDEX completion_status ON public.completion USING btree (status, utc_time, run_key) WHERE (status <> 'COMPLETED'::text);

CREATE INDEX completion_time ON public.completion USING btree (utc_time, run_key);

CREATE INDEX completion_unsuccessful ON public.completion USING btree (utc_time, run_key) WHERE (status <> 'COMPLETED'::text);

CREATE INDEX component_alive ON public.component USING btree (last_heartbeat) WHERE (status <> 'offline'::text);

CREATE INDEX component_name ON public.component USING btree (name);

CREATE INDEX dead_letter_waiting ON public.dead_letter USING btree (stream, id) WHERE (state = 'waiting'::text);

CREATE INDEX execution_created ON public.execution USING btree (created_at DESC, uuid DESC);

CREATE UNIQUE INDEX execution_idempotency ON public.execution USING btree (create_idempotency_key) WHERE (create_idempotency_key IS NOT NULL);

CREATE INDEX execution_observation_age ON public.execution_observation USING btree (observed_at);

CREATE INDEX execution_observation_newest ON public.execution_observation USING btree (execution_id, observed_at DESC, uuid DESC);

CREATE INDEX execution_open ON public.execution USING btree (status, created_at) WHERE (status = ANY (ARRAY['pending'::text, 'running'::text, 'awaiting_scheduler'::text, 'retrying'::text]));

CREATE INDEX execution_project ON public.execution USING btree (project_module, created_at DESC, uuid DESC);

CREATE INDEX execution_project_status ON public.execution USING btree (project_module, status, created_at DESC, uuid DESC);

CREATE INDEX execution_risk ON public.execution USING btree (created_at) WHERE ((terminal_outcome = 'inconsistent'::text) OR (failure_class = 'inconsistent_state'::text) OR (submission_state = 'uncertain'::text));

CREATE INDEX execution_status ON public.execution USING btree (status, created_at DESC, uuid DESC);

CREATE INDEX execution_trace_id ON public.execution USING btree (trace_id) WHERE (trace_id IS NOT NULL);

CREATE INDEX idx_observability_config_updated_at ON public.observability_integration_config USING btree (updated_at);

CREATE INDEX idx_observability_health_last_tested_at ON public.observability_integration_health USING btree (last_tested_at);

CREATE INDEX idx_provenance_events_actor ON public.provenance_events USING btree (actor, occurred_at DESC) WHERE (actor IS NOT NULL);

CREATE INDEX idx_provenance_events_correlation ON public.provenance_events USING btree (correlation_id, occurred_at DESC) WHERE (correlation_id IS NOT NULL);

CREATE INDEX idx_provenance_events_execution ON public.provenance_events USING btree (execution_id, occurred_at DESC) WHERE (execution_id IS NOT NULL);

CREATE INDEX idx_provenance_events_occurred_at ON public.provenance_events USING btree (occurred_at);

CREATE INDEX idx_provenance_events_project_occurred ON public.provenance_events USING btree (project_module, occurred_at DESC);

CREATE INDEX idx_provenance_events_source ON public.provenance_events USING btree (project_module, source_identifier, occurred_at DESC) WHERE (source_identifier IS NOT NULL);

CREATE INDEX idx_provenance_events_type ON public.provenance_events USING btree (event_type, occurred_at DESC);

CREATE INDEX idx_stage_status_next_retry_at ON public.stage USING btree (status, next_retry_at) WHERE ((status)::text = ANY ((ARRAY['Pending'::character varying, 'Running'::character varying, 'RetryScheduled'::character varying])::text[]));

CREATE INDEX import_portion_received ON public.import_portion USING btree (received_at);

CREATE INDEX keyword_value ON public.keyword USING btree (value);

CREATE INDEX outbox_event_unread ON public.outbox_event USING btree (xid, id);

CREATE INDEX ping_age ON public.ping USING btree (at);

CREATE INDEX ping_check_slug ON public.ping_check USING btree (key_digest, slug) WHERE (slug IS NOT NULL);

CREATE INDEX ping_of_check ON public.ping USING btree (check_id, at DESC, id);

CREATE INDEX pipeline_application ON public.pipeline USING btree (application_id, created_at, id);

CREATE INDEX pipeline_created ON public.pipeline USING btree (created_at, id);

CREATE INDEX pipeline_failed ON public.pipeline USING btree (created_at, id) WHERE (lower((status)::text) = 'failed'::text);

CREATE INDEX pipeline_finished ON public.pipeline USING btree (finished_at) INCLUDE (status) WHERE (finished_at IS NOT NULL);

CREATE INDEX pipeline_keyword_keyword ON public.pipeline_keyword USING btree (keyword_id);

CREATE INDEX pipeline_open ON public.pipeline USING btree (id) WHERE (NOT is_completed);

CREATE INDEX pipeline_running ON public.pipeline USING btree (created_at, id) WHERE (lower((status)::text) <> ALL (ARRAY['completed'::text, 'failed'::text]));

CREATE INDEX pipeline_trace ON public.pipeline USING btree (trace_id) WHERE (trace_id IS NOT NULL);

CREATE INDEX pipeline_w3c_trace ON public.pipeline USING btree (w3c_trace_id);

CREATE INDEX push_group_changed ON public.push_group USING btree (changed_xid);

CREATE INDEX recent_digest_age ON public.recent_digest USING brin (received_at) WITH (autosummarize='on');

CREATE INDEX rollup_day_starts_at ON public.rollup_day USING btree (starts_at);

CREATE INDEX rollup_due_day_day ON public.rollup_due_day USING btree (day);

CREATE INDEX rollup_due_hour ON public.rollup_due USING btree (hour);

CREATE INDEX rollup_hour_starts_at ON public.rollup_hour USING btree (starts_at);

CREATE INDEX run_foreign_trace ON public.run USING btree (public.derived_trace('nextflow'::text, run_id)) WHERE public.has_foreign_trace(run_id);

CREATE INDEX run_id ON public.run USING btree (run_id, first_utc DESC);

CREATE INDEX run_name ON public.run USING btree (run_name, first_utc DESC);

CREATE INDEX run_name_begins ON public.run USING btree (lower(run_name));

CREATE INDEX run_open ON public.run USING btree (first_utc) WHERE ((completed_utc IS NULL) OR (segment_start > completed_segment));

CREATE INDEX run_outcome ON public.run USING btree (outcome, first_utc DESC, run_key DESC) WHERE (outcome IS NOT NULL);

CREATE INDEX run_project ON public.run USING btree (project_name, first_utc DESC);

CREATE INDEX run_project_begins ON public.run USING btree (lower(project_name));

CREATE INDEX run_recent ON public.run USING btree (first_utc DESC, run_key DESC);

CREATE INDEX run_rollup_run ON public.run_rollup USING btree (run_key, grain);

CREATE INDEX run_tower_workspace ON public.run_tower USING btree (workspace_id) WHERE (workspace_id IS NOT NULL);

CREATE INDEX run_user ON public.run USING btree (user_name, first_utc DESC);

CREATE INDEX sample_block_component ON ONLY public.sample_block USING btree (runtime_id, last_at DESC);

CREATE INDEX sample_block_received ON ONLY public.sample_block USING brin (received_at) WITH (pages_per_range='16');

CREATE INDEX sample_block_traces ON ONLY public.sample_block USING gin (trace_refs) WHERE (trace_refs IS NOT NULL);

CREATE INDEX series_component ON public.series USING btree (runtime_id, metric_name);

CREATE INDEX series_labels ON public.series USING gin (labels jsonb_path_ops);

CREATE INDEX series_metric ON public.series USING btree (metric_name);

CREATE INDEX span_received ON public.span USING btree (received_at);

CREATE INDEX stage_finished ON public.stage USING btree (finished_at) INCLUDE (started_at, status) WHERE (finished_at IS NOT NULL);

CREATE INDEX stage_log_stage ON public.stage_log USING btree (stage_id, created_at, id);

CREATE INDEX stage_pipeline ON public.stage USING btree (pipeline_id, id);

CREATE INDEX stage_report_early ON public.stage_report USING btree (at) WHERE (pipeline_id IS NULL);

CREATE INDEX stage_report_pipeline ON public.stage_report USING btree (pipeline_id, at, journal, seq) WHERE (pipeline_id IS NOT NULL);

CREATE INDEX stage_started ON public.stage USING btree (started_at) INCLUDE (finished_at, pipeline_id, name, status, retry_attempt) WHERE (started_at IS NOT NULL);

CREATE INDEX task_open ON public.task USING btree (run_key, process) WHERE ((NOT completed) AND (status_rank < 5));

CREATE INDEX telemetry_run ON ONLY public.telemetry USING btree (run_key, received_at, id);

CREATE INDEX tower_call_workflow ON ONLY public.tower_call USING btree (workflow_id, received_at);

CREATE INDEX tower_pending_age ON public.tower_pending USING btree (received_at);

CREATE INDEX tower_workflow_run ON public.tower_workflow USING btree (run_key);

CREATE INDEX tower_workflow_unknown ON public.tower_workflow USING btree (seen_at) WHERE (run_key IS NULL);

CREATE INDEX trace_export_due ON public.trace_export USING btree (due_at);

CREATE INDEX worker_alias_worker ON public.worker_alias USING btree (worker_id);

CREATE INDEX worker_client_seen ON public.worker_client USING btree (last_seen_at) INCLUDE (state);

CREATE INDEX worker_client_session ON public.worker_client USING btree (session_hash) WHERE (session_hash IS NOT NULL);

CREATE INDEX worker_event_ts ON public.worker_event USING btree (ts, id);

CREATE INDEX worker_event_worker ON public.worker_event USING btree (worker_id, ts, id);

CREATE INDEX worker_report_at ON public.worker_report USING btree (at);

ALTER TABLE ONLY public.agent_run_trace
    ADD CONSTRAINT agent_run_trace_event_key_fkey FOREIGN KEY (event_key) REFERENCES public.agent_run(event_key) ON DELETE CASCADE;

ALTER TABLE ONLY public.alert_condition
    ADD CONSTRAINT alert_condition_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES public.alert_rule(uuid) ON DELETE CASCADE;

ALTER TABLE ONLY public.alert_delivery
    ADD CONSTRAINT alert_delivery_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES public.notification_channel(uuid) ON DELETE SET NULL;

ALTER TABLE ONLY public.alert_delivery
    ADD CONSTRAINT alert_delivery_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES public.alert_incident(uuid) ON DELETE SET NULL;

ALTER TABLE ONLY public.alert_delivery
    ADD CONSTRAINT alert_delivery_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES public.alert_rule(uuid) ON DELETE SET NULL;

ALTER TABLE ONLY public.alert_incident
    ADD CONSTRAINT alert_incident_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES public.alert_rule(uuid) ON DELETE SET NULL;

ALTER TABLE ONLY public.alert_match
    ADD CONSTRAINT alert_match_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES public.alert_rule(uuid) ON DELETE CASCADE;

ALTER TABLE ONLY public.execution_artifact
    ADD CONSTRAINT execution_artifact_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES public.execution(uuid) ON DELETE CASCADE;

ALTER TABLE ONLY public.execution_observation
    ADD CONSTRAINT execution_observation_execution_id_fkey FOREIGN KEY (execution_id) REFERENCES public.execution(uuid) ON DELETE CASCADE;

ALTER TABLE ONLY public.observability_integration_health
    ADD CONSTRAINT fk_observability_health_config_type FOREIGN KEY (type) REFERENCES public.observability_integration_config(type);

ALTER TABLE ONLY public.pipeline_context_item
    ADD CONSTRAINT pipeline_context_item_pipeline_id_fkey FOREIGN KEY (pipeline_id) REFERENCES public.pipeline(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.pipeline_keyword
    ADD CONSTRAINT pipeline_keyword_keyword_id_fkey FOREIGN KEY (keyword_id) REFERENCES public.keyword(id);

ALTER TABLE ONLY public.pipeline_keyword
    ADD CONSTRAINT pipeline_keyword_pipeline_id_fkey FOREIGN KEY (pipeline_id) REFERENCES public.pipeline(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.push_family
    ADD CONSTRAINT push_family_group_key_fkey FOREIGN KEY (group_key) REFERENCES public.push_group(group_key) ON DELETE CASCADE;

ALTER TABLE ONLY public.series
    ADD CONSTRAINT series_runtime_id_fkey FOREIGN KEY (runtime_id) REFERENCES public.component(runtime_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.stage_io
    ADD CONSTRAINT stage_io_stage_id_fkey FOREIGN KEY (stage_id) REFERENCES public.stage(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.stage_log
    ADD CONSTRAINT stage_log_stage_id_fkey FOREIGN KEY (stage_id) REFERENCES public.stage(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.stage_options
    ADD CONSTRAINT stage_options_stage_id_fkey FOREIGN KEY (stage_id) REFERENCES public.stage(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.stage
    ADD CONSTRAINT stage_pipeline_id_fkey FOREIGN KEY (pipeline_id) REFERENCES public.pipeline(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.stage_report
    ADD CONSTRAINT stage_report_pipeline_id_fkey FOREIGN KEY (pipeline_id) REFERENCES public.pipeline(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.stage_retry
    ADD CONSTRAINT stage_retry_stage_id_fkey FOREIGN KEY (stage_id) REFERENCES public.stage(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.worker_alias
    ADD CONSTRAINT worker_alias_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.worker_client(id) ON DELETE CASCADE;
