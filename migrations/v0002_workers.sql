-- ============================================================================================================ workers

-- Components that report metrics: worker pools, servers and brokers.
CREATE TABLE component (
    runtime_id      bigint      PRIMARY KEY,
    name            text        NOT NULL COLLATE "C",
    component_type  text        NOT NULL CHECK (component_type IN ('worker_pool', 'server_api', 'broker')),
    base_url        text,
    status          text        NOT NULL,  -- as of the last line; computed from the columns below
    labels          jsonb,
    capabilities    jsonb,
    capacity        integer,
    runtime         jsonb,
    last_heartbeat  timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    -- From these the status follows, in whatever order the lines of several Weirs are applied.
    reported_status text        NOT NULL,  -- what the last registration or heartbeat said
    registered_at   timestamptz,           -- the last registration; null for an adopted component
    deregistered_at timestamptz,           -- the last deregistration
    swept_before    timestamptz,           -- heartbeats older than this were too old when a sweeper looked
    CONSTRAINT component_type_name UNIQUE (component_type, name)
);

CREATE INDEX component_name ON component (name);
CREATE INDEX component_alive ON component (last_heartbeat) WHERE status <> 'offline';

-- A deregistered component stays offline until it registers again, or until a heartbeat arrives that was not on its
-- way already.
CREATE FUNCTION component_status(r component) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN r.deregistered_at >= coalesce(r.registered_at, '-infinity')
         AND r.last_heartbeat < r.deregistered_at + interval '5 seconds' THEN 'offline'
    WHEN r.last_heartbeat < r.swept_before THEN 'offline'
    ELSE r.reported_status
END;

-- One row for each combination of component, metric, type and labels: samples refer to it by its number.
CREATE TABLE series (
    series_id    integer     GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    series_key   uuid        NOT NULL UNIQUE,  -- a digest of the combination
    runtime_id   bigint      NOT NULL REFERENCES component ON DELETE CASCADE,
    metric_name  text        NOT NULL COLLATE "C",
    metric_type  text        NOT NULL CHECK (metric_type IN ('counter', 'gauge', 'histogram', 'summary')),
    labels       jsonb,
    help_text    text,
    unit         text,
    described_at timestamptz NOT NULL,         -- arrival of the sample that help and unit are from
    ttl          interval,                     -- of its samples, instead of WEIR_SAMPLES_KEEP
    ttl_set_at   timestamptz
);

CREATE INDEX series_component ON series (runtime_id, metric_name);
CREATE INDEX series_metric ON series (metric_name);
CREATE INDEX series_labels ON series USING gin (labels jsonb_path_ops);

-- Samples, in the portions in which they arrived: a report is one row, a large one several. An array of numbers takes
-- a fraction of the space of single rows, and of the time to load them.
CREATE TABLE sample_block (
    received_at timestamptz        NOT NULL,
    runtime_id  bigint             NOT NULL,
    journal_id  uuid               NOT NULL,
    metric_id   bigint             NOT NULL,  -- of the first sample; the others follow
    first_at    timestamptz        NOT NULL,  -- the earliest time of its samples, as their sender said
    last_at     timestamptz        NOT NULL,
    series      integer[]          NOT NULL,
    after_us    bigint[],                     -- microseconds after first_at; null when all are zero
    value       double precision[] NOT NULL,
    exemplars   jsonb,                        -- what samples refer to, by their place in the arrays, from 1
    trace_refs  text[],                       -- the traces and executions in it
    is_pushed   boolean                       -- true for what was pushed to a group, which has its own rows; else null
) PARTITION BY RANGE (received_at);

CREATE INDEX sample_block_component ON sample_block (runtime_id, last_at DESC);
CREATE INDEX sample_block_traces ON sample_block USING gin (trace_refs) WHERE trace_refs IS NOT NULL;
CREATE INDEX sample_block_received ON sample_block USING brin (received_at) WITH (pages_per_range = 16);

-- ------------------------------------------------------------------------------------------------------------ rollups

-- Hours of components whose samples are not rolled up, or not all of them: the loader adds a row in the transaction that
-- stores samples, and a maintenance job deletes it in the transaction that rolls the hour up. Only an hour without a row
-- is read from its rollups.
CREATE TABLE rollup_due (
    runtime_id  bigint      NOT NULL,
    hour        timestamptz NOT NULL,
    received_at timestamptz NOT NULL,  -- the earliest arrival of these samples: their day is not dropped yet
    version     bigint      NOT NULL DEFAULT 0,  -- rises with each batch that stores such samples
    PRIMARY KEY (runtime_id, hour)
);

CREATE INDEX rollup_due_hour ON rollup_due (hour);

-- Days of components whose hours have been rolled up since the day was.
CREATE TABLE rollup_due_day (
    runtime_id bigint      NOT NULL,
    day        timestamptz NOT NULL,
    PRIMARY KEY (runtime_id, day)
);

CREATE INDEX rollup_due_day_day ON rollup_due_day (day);

-- What a value adds to the sum of a rollup. PostgreSQL refuses a sum that is larger than every number; a sum of values up
-- to this bound never is, and beyond it a value counts as infinite.
CREATE FUNCTION rollup_summand(value double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN value BETWEEN -1e300 AND 1e300 OR value = 'NaN' THEN value
    WHEN value > 0 THEN 'Infinity'
    ELSE '-Infinity'
END;

-- The samples of a series in an hour, by minute. Buckets without samples are left out of all arrays alike.
--
-- Where every bucket has one sample, `count`, `min`, `max` and `sum` are null: they follow from `last`.
CREATE TABLE rollup_minute (
    starts_at timestamptz        NOT NULL,  -- the hour
    series_id integer            NOT NULL,
    bucket    smallint[]         NOT NULL,  -- 0 is the first minute of the hour
    count     integer[],
    min       double precision[],           -- NaN only where all samples are
    max       double precision[],
    sum       double precision[],
    last      double precision[] NOT NULL,  -- the value of the latest sample
    last_at   timestamptz[]      NOT NULL,  -- its time
    increase  double precision[],           -- null for gauges
    PRIMARY KEY (series_id, starts_at)
) PARTITION BY RANGE (starts_at);

-- The same by five minutes.
CREATE TABLE rollup_five_minutes (
    LIKE rollup_minute,
    PRIMARY KEY (series_id, starts_at)
) PARTITION BY RANGE (starts_at);

-- The samples of a series in a day, by hour.
CREATE TABLE rollup_hour (
    LIKE rollup_minute,
    PRIMARY KEY (series_id, starts_at)
);

CREATE INDEX rollup_hour_starts_at ON rollup_hour (starts_at);

-- The samples of a series in a month, by day.
CREATE TABLE rollup_day (
    LIKE rollup_minute,
    PRIMARY KEY (series_id, starts_at)
);

CREATE INDEX rollup_day_starts_at ON rollup_day (starts_at);

-- ---------------------------------------------------------------------------------------------------- pushed groups

-- Groups of pushed metrics. The id of a push begins with its time and is unique: of two pushes the one with the larger
-- id counts, in whatever order they are applied. 0 is none.
CREATE TABLE push_group (
    group_key   uuid        PRIMARY KEY,         -- a digest of the labels
    labels      json        NOT NULL,            -- the grouping key
    pushed_id   bigint      NOT NULL DEFAULT 0,  -- the last push
    expires_at  timestamptz,                     -- until when it is shown; null: until it is deleted
    failed_id   bigint      NOT NULL DEFAULT 0,  -- the last push that was refused
    cleared_id  bigint      NOT NULL DEFAULT 0,  -- the last one that replaced or deleted everything
    deleted_id  bigint      NOT NULL DEFAULT 0,  -- the last deletion; the row stays for a while
    changed_xid xid8        NOT NULL             -- the last transaction that changed it
);

CREATE INDEX push_group_changed ON push_group (changed_xid);

-- The metrics of the groups.
CREATE TABLE push_family (
    group_key   uuid        NOT NULL REFERENCES push_group ON DELETE CASCADE,
    metric_name text        NOT NULL COLLATE "C",
    pushed_id   bigint      NOT NULL,
    expires_at  timestamptz,                     -- until when they are shown
    family      json        NOT NULL,            -- type, help and values
    PRIMARY KEY (group_key, metric_name)
);

-- ---------------------------------------------------------------------------------------------------------- imports

-- Portions of imported files, by a digest of their samples: importing the same file again stores nothing twice.
CREATE TABLE import_portion (
    portion_key uuid        PRIMARY KEY,
    received_at timestamptz NOT NULL
);

CREATE INDEX import_portion_received ON import_portion (received_at);

-- ------------------------------------------------------------------------------------------------------- forwarding

-- How far the samples of each journal were sent to a time-series database.
CREATE TABLE forward_position (
    destination uuid        NOT NULL,  -- a digest of its URL
    journal_id  uuid        NOT NULL,
    received_at timestamptz NOT NULL,  -- arrival of the last row that was sent
    metric_id   bigint      NOT NULL,  -- id of its first sample
    PRIMARY KEY (destination, journal_id)
);

-- --------------------------------------------------------------------------------------------- lifetimes and retention

-- One row: what maintenance jobs and SQL functions share.
CREATE TABLE sample_care (
    only_row     boolean  PRIMARY KEY DEFAULT true CHECK (only_row),
    keep         interval NOT NULL DEFAULT '48 hours',  -- WEIR_SAMPLES_KEEP of the leader
    dropped_days bigint   NOT NULL DEFAULT 0            -- by retention, since the database was made
);

INSERT INTO sample_care DEFAULT VALUES;

-- Lifetimes that were set, for series that come later; a series has the latest one that concerns it.
CREATE TABLE sample_lifetime (
    of_component boolean     NOT NULL,  -- otherwise of a metric
    name         text        NOT NULL COLLATE "C",
    ttl          interval    NOT NULL,
    set_at       timestamptz NOT NULL,
    PRIMARY KEY (of_component, name)
);

-- How many samples each journal has stored on a day of their arrival. The loader adds to it, so nobody counts.
CREATE TABLE sample_count (
    day        date   NOT NULL,
    journal_id uuid   NOT NULL,
    samples    bigint NOT NULL,
    PRIMARY KEY (day, journal_id)
);

-- Days from which expired samples were removed, while others stay because they have a longer lifetime.
CREATE TABLE sample_sweep (
    day      date        PRIMARY KEY,
    swept_at timestamptz NOT NULL
);

-- The first day of arrival that retention must keep: of samples that are alive, or not rolled up yet.
CREATE FUNCTION first_kept_day(oldest timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT date_trunc('day', least(
        oldest,
        now() - (SELECT max(ttl) FROM series WHERE ttl IS NOT NULL),
        -- What was stored when a lifetime was set lives from then on, however old it is.
        (
            SELECT min(b.received_at)
            FROM (
                SELECT runtime_id, array_agg(series_id) AS numbers
                FROM series
                WHERE ttl_set_at + ttl > now()
                GROUP BY runtime_id
            ) s
            JOIN sample_block b ON b.runtime_id = s.runtime_id AND b.series && s.numbers
            WHERE b.received_at < oldest
        ),
        (SELECT min(received_at) FROM rollup_due WHERE hour < now() - interval '1 hour')
    ), 'UTC');
END;

-- Gives the series of a metric or of a component another lifetime.
CREATE FUNCTION set_sample_lifetime(component_name boolean, meant text, lifetime interval, at timestamptz) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT
AS $body$
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
$body$;

-- How many samples of a metric or of a component are stored. It reads all blocks of the components, and so belongs into
-- no loader.
CREATE FUNCTION count_samples(component_name boolean, meant text) RETURNS bigint
LANGUAGE sql STABLE SET search_path FROM CURRENT
AS $body$
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
$body$;

-- The schema, table and column names of the server that workers were written for: dashboards query them. They are
-- views, in a schema that a role may not be allowed to make, and of which a database has one, whatever the number of
-- schemas with Weir's tables.
--
-- Returns null when they are there, and otherwise why not.
CREATE FUNCTION create_noetl_views() RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $body$
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
$body$;

SELECT create_noetl_views();
