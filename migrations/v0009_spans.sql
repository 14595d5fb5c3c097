-- Traces: the spans that others send (OTLP), the runs whose spans are to be exported, and how a run is found by its trace.

-- The trace id of a name that brings none: as `TraceID.derived` makes it.
CREATE FUNCTION derived_trace(kind text, name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT left(encode(sha256(convert_to('weir/trace/' || kind || '/' || name, 'UTF8')), 'hex'), 32) $$;

-- Whether an id is no UUID in lower case, which would be its trace id itself.
CREATE FUNCTION has_foreign_trace(id text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$
    SELECT id !~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
        OR id = '00000000-0000-0000-0000-000000000000'
$$;

CREATE INDEX run_foreign_trace ON run (derived_trace('nextflow', run_id)) WHERE has_foreign_trace(run_id);

-- Spans as they were received. Times are nanoseconds since 1970, ids the numbers of their bytes; `message` has the span
-- as a whole, as an ExportTraceServiceRequest of OTLP.
CREATE TABLE span (
    trace_id       uuid        NOT NULL,
    span_id        bigint      NOT NULL,
    parent_id      bigint,
    name           text        NOT NULL,
    kind           smallint    NOT NULL,
    start_ns       bigint      NOT NULL,
    end_ns         bigint      NOT NULL,
    status         smallint    NOT NULL,
    status_message text,
    service        text        COLLATE "C",
    message        bytea       NOT NULL,
    -- Of two spans with the same ids the one that ends later stays, then the one with the greater digest.
    digest         uuid        NOT NULL,
    received_at    timestamptz NOT NULL,
    PRIMARY KEY (trace_id, span_id)
);

CREATE INDEX span_received ON span (received_at);

-- Runs whose spans are to be exported: one row each, until they are sent.
CREATE TABLE trace_export (
    system      text        NOT NULL,
    subject     text        NOT NULL,
    name        text        NOT NULL,
    due_at      timestamptz NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    -- The Weir that exports it now holds it until then.
    held_until  timestamptz,
    attempts    integer     NOT NULL DEFAULT 0,
    -- Where the last page that was sent ended.
    position    text,
    last_error  text,
    PRIMARY KEY (system, subject, name)
);

CREATE INDEX trace_export_due ON trace_export (due_at);

CREATE INDEX agent_run_foreign_trace ON agent_run (derived_trace('runs', event_id)) WHERE has_foreign_trace(event_id);
