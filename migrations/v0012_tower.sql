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

-- The latest event of each client. The silence of Tower's means more than that of the weblog.
ALTER TABLE run
    ADD COLUMN tower_utc  timestamptz,
    ADD COLUMN weblog_utc timestamptz;

ALTER TABLE task
    ADD COLUMN executor           text COLLATE "C",
    ADD COLUMN machine_type       text COLLATE "C",
    ADD COLUMN cloud_zone         text COLLATE "C",
    ADD COLUMN price_model        text COLLATE "C",
    ADD COLUMN spot_interruptions integer;

-- The state of a run at a moment, after a silence of the weblog or of Tower's client, in this order: the latter sends a
-- heartbeat every minute, so that even a run that has not begun is stale once it is silent.
CREATE FUNCTION run_state(r run, moment timestamptz, stale_after interval[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN r.tower_utc IS NULL THEN run_state(r, moment, stale_after[1])
        WHEN r.last_utc < moment - stale_after[2] AND run_state(r, moment, stale_after[2]) = 'pending' THEN 'stale'
        ELSE run_state(r, moment, stale_after[2])
    END
$$;
