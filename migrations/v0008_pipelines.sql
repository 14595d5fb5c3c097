-- Pipelines, their stages, and the workers that do them: the tables and the columns of Pipelogiq, and its additions for
-- trace context. Contract pipelogiq 7.1 and 3.2.
--
-- Ids are given out by endpoints, from the sequences of this file, before the line of the journal is written: the line
-- holds them, so that whoever applies it stores the same ones. The loader only moves a sequence past what it stores.

-- Who owns pipelines: the name of the access token with which they were sent. Number 0 is everybody without one.
CREATE TABLE application (
    id   bigint PRIMARY KEY,
    name text   NOT NULL UNIQUE COLLATE "C"
);

INSERT INTO application VALUES (0, 'default');

CREATE SEQUENCE application_id;
CREATE SEQUENCE pipeline_id;
CREATE SEQUENCE stage_id;
CREATE SEQUENCE worker_id;

-- ------------------------------------------------------------------------------------------------------ pipelines

CREATE TABLE pipeline (
    id             bigint       PRIMARY KEY,
    application_id bigint       NOT NULL DEFAULT 0,
    name           varchar(255) NOT NULL,
    status         varchar(255) NOT NULL DEFAULT 'NotStarted',
    created_at     timestamptz  NOT NULL,
    finished_at    timestamptz,
    is_completed   boolean      NOT NULL DEFAULT false,
    was_started    boolean      NOT NULL DEFAULT false, -- a stage of it has begun once, whatever came later
    trace_id       varchar(36),                         -- as the client sent it
    w3c_trace_id   char(32)     NOT NULL,               -- the same as a trace id of W3C, or one that was made
    parent_span_id char(16),                            -- of the `traceparent` that came with it
    trace_flags    smallint     NOT NULL DEFAULT 1,
    tracestate     text
) WITH (fillfactor = 85);

CREATE INDEX pipeline_created ON pipeline (created_at, id);
CREATE INDEX pipeline_trace ON pipeline (trace_id) WHERE trace_id IS NOT NULL;
CREATE INDEX pipeline_w3c_trace ON pipeline (w3c_trace_id);
CREATE INDEX pipeline_application ON pipeline (application_id, created_at, id);
CREATE INDEX pipeline_finished ON pipeline (finished_at) WHERE finished_at IS NOT NULL;
-- Those that are not over: few.
CREATE INDEX pipeline_open ON pipeline (id) WHERE NOT is_completed;

CREATE TABLE pipeline_context_item (
    pipeline_id bigint       NOT NULL REFERENCES pipeline ON DELETE CASCADE,
    key         varchar(255) NOT NULL COLLATE "C",
    value       text         NOT NULL,
    value_type  varchar(50)  NOT NULL DEFAULT 'string',
    place       integer      NOT NULL DEFAULT 0,
    set_at      timestamptz  NOT NULL,                  -- the newest value counts
    PRIMARY KEY (pipeline_id, key)
);

CREATE TABLE keyword (
    id    bigint       GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key   varchar(255) NOT NULL COLLATE "C",
    value varchar(255) NOT NULL COLLATE "C",
    UNIQUE (key, value)
);

CREATE TABLE pipeline_keyword (
    pipeline_id bigint NOT NULL REFERENCES pipeline ON DELETE CASCADE,
    keyword_id  bigint NOT NULL REFERENCES keyword,
    PRIMARY KEY (pipeline_id, keyword_id)
);

CREATE INDEX pipeline_keyword_keyword ON pipeline_keyword (keyword_id);

-- --------------------------------------------------------------------------------------------------------- stages

CREATE TABLE stage (
    id                 bigint       PRIMARY KEY,       -- the order of execution
    pipeline_id        bigint       NOT NULL REFERENCES pipeline ON DELETE CASCADE,
    name               varchar(255) NOT NULL,
    description        text,
    stage_handler_name varchar(300),
    status             varchar(255) NOT NULL DEFAULT 'NotStarted',
    created_at         timestamptz  NOT NULL,
    started_at         timestamptz,                    -- of the last attempt
    finished_at        timestamptz,
    is_skipped         boolean      NOT NULL DEFAULT false,
    is_event           boolean      NOT NULL DEFAULT false,
    span_id            varchar(36),
    retry_attempt      integer      NOT NULL DEFAULT 0 CHECK (retry_attempt >= 0),
    next_retry_at      timestamptz
) WITH (fillfactor = 80);

CREATE INDEX stage_pipeline ON stage (pipeline_id, id);
CREATE INDEX stage_started ON stage (started_at) WHERE started_at IS NOT NULL;
CREATE INDEX stage_finished ON stage (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX idx_stage_status_next_retry_at ON stage (status, next_retry_at)
    WHERE status IN ('Pending', 'Running', 'RetryScheduled');

CREATE TABLE stage_io (
    stage_id bigint PRIMARY KEY REFERENCES stage ON DELETE CASCADE,
    input    text,
    output   text
);

CREATE TABLE stage_options (
    stage_id             bigint  PRIMARY KEY REFERENCES stage ON DELETE CASCADE,
    run_next_if_failed   boolean NOT NULL DEFAULT false,
    retry_interval       integer NOT NULL DEFAULT 0, -- seconds
    time_out             integer NOT NULL DEFAULT 0, -- seconds
    max_retries          integer NOT NULL DEFAULT 0,
    depends_on           text[]  NOT NULL DEFAULT '{}',
    run_in_parallel_with text[]  NOT NULL DEFAULT '{}',
    fail_if_output_empty boolean NOT NULL DEFAULT false,
    notify_on_failure    boolean NOT NULL DEFAULT false,
    run_as_user          text
);

-- What stages did and said.
CREATE TABLE stage_log (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage_id   bigint      NOT NULL REFERENCES stage ON DELETE CASCADE,
    log        text        NOT NULL,
    log_level  varchar(50) NOT NULL DEFAULT 'INFO',
    created_at timestamptz NOT NULL
);

CREATE INDEX stage_log_stage ON stage_log (stage_id, created_at, id);

-- An attempt of a stage that failed and was repeated.
CREATE TABLE stage_retry (
    stage_id   bigint      NOT NULL REFERENCES stage ON DELETE CASCADE,
    attempt    integer     NOT NULL, -- from 1
    started_at timestamptz,
    failed_at  timestamptz NOT NULL,
    PRIMARY KEY (stage_id, attempt, failed_at)
);

-- What programs log beside any stage: `POST /logs`.
CREATE TABLE application_log (
    id             bigint      NOT NULL,
    application_id bigint      NOT NULL,
    message        text        NOT NULL DEFAULT '',
    log_level      varchar(50) NOT NULL DEFAULT 'INFO',
    created_at     timestamptz NOT NULL,
    received_at    timestamptz NOT NULL,
    keywords       jsonb       NOT NULL DEFAULT '[]'
);

CREATE INDEX application_log_received ON application_log (received_at);

-- -------------------------------------------------------------------------------------------------------- workers

CREATE TABLE worker_client (
    id                 bigint       PRIMARY KEY,
    application_id     bigint       NOT NULL,
    instance_id        varchar(255) NOT NULL COLLATE "C",
    worker_name        varchar(255) NOT NULL,
    worker_version     text,
    sdk_version        text,
    environment        text,
    host_name          text,
    pid                bigint,
    state              varchar(50)  NOT NULL DEFAULT 'starting',
    status_reason      text,
    session_hash       bytea,        -- SHA-256 of the session's token
    session_expires_at timestamptz,
    session_at         timestamptz,  -- when it was made: the newest one counts
    broker_connected   boolean      NOT NULL DEFAULT false,
    in_flight_jobs     bigint       NOT NULL DEFAULT 0,
    jobs_processed     bigint       NOT NULL DEFAULT 0,
    jobs_failed        bigint       NOT NULL DEFAULT 0,
    queue_lag          bigint,
    cpu_percent        double precision,
    memory_mb          double precision,
    uptime_sec         bigint,
    last_error         text,
    started_at         timestamptz  NOT NULL,
    last_seen_at       timestamptz  NOT NULL,
    stopped_at         timestamptz,
    updated_at         timestamptz  NOT NULL,
    lost_at            timestamptz,  -- when its silence was noticed; null while it is heard
    supported_handlers jsonb        NOT NULL DEFAULT '[]',
    capabilities       jsonb        NOT NULL DEFAULT '{}',
    metadata           jsonb        NOT NULL DEFAULT '{}',
    UNIQUE (application_id, instance_id)
) WITH (fillfactor = 70);

CREATE INDEX worker_client_session ON worker_client (session_hash) WHERE session_hash IS NOT NULL;
CREATE INDEX worker_client_seen ON worker_client (last_seen_at);

CREATE TABLE worker_event (
    id           bigint      NOT NULL,
    worker_id    bigint      NOT NULL,
    ts           timestamptz NOT NULL,
    level        varchar(10) NOT NULL,
    event_type   text        NOT NULL,
    message      text        NOT NULL,
    details_json jsonb
);

CREATE INDEX worker_event_worker ON worker_event (worker_id, ts, id);
CREATE INDEX worker_event_ts ON worker_event (ts, id);
