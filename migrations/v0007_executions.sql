-- Executions: runs of workflows that a backend outside of Weir submits and follows. It registers them and says how
-- they stand; Weir keeps the ledger. Contract beampipe 5, 9.

CREATE TABLE execution (
    uuid                         uuid        PRIMARY KEY,
    project_module               text        NOT NULL COLLATE "C",
    archive_name                 text        NOT NULL COLLATE "C",
    sources                      jsonb       NOT NULL DEFAULT '[]',
    status                       text        NOT NULL DEFAULT 'pending' COLLATE "C",
    execution_phase              text        COLLATE "C",
    scheduler_name               text        COLLATE "C",
    scheduler_job_id             text        COLLATE "C",
    daliuge_session_id           text        COLLATE "C",
    daliuge_manager_url          text        COLLATE "C",
    daliuge_raw_status           text        COLLATE "C",
    remote_session_dir           text        COLLATE "C",
    control_phase                text        NOT NULL DEFAULT 'discovered' COLLATE "C",
    submission_state             text        NOT NULL DEFAULT 'not_started' COLLATE "C",
    submission_deadline_at       timestamptz,
    submission_abandoned_at      timestamptz,
    scheduler_state              text        NOT NULL DEFAULT 'not_submitted' COLLATE "C",
    scheduler_raw_state          text        COLLATE "C",
    scheduler_reason             text        COLLATE "C",
    daliuge_state                text        NOT NULL DEFAULT 'not_created' COLLATE "C",
    output_state                 text        NOT NULL DEFAULT 'not_started' COLLATE "C",
    output_verification_required boolean     NOT NULL DEFAULT false,
    output_verification_policy   jsonb,
    terminal_outcome             text        COLLATE "C",
    failure_class                text        COLLATE "C",
    discovery_signature          text        COLLATE "C",
    manifest_sha256              text        COLLATE "C",
    source_graph_sha256          text        COLLATE "C",
    patched_graph_sha256         text        COLLATE "C",
    physical_graph_sha256        text        COLLATE "C",
    phase_timestamps             jsonb       NOT NULL DEFAULT '{}',
    last_reconciled_at           timestamptz,
    workflow_manifest            jsonb,
    last_error                   text        COLLATE "C",
    retry_count                  bigint      NOT NULL DEFAULT 0,
    started_at                   timestamptz,
    completed_at                 timestamptz,
    created_at                   timestamptz NOT NULL,
    updated_at                   timestamptz NOT NULL,
    created_by_id                uuid,
    deployment_profile_id        uuid,
    deployment_profile_revision  bigint,
    deployment_profile_snapshot  jsonb,
    project_config_id            uuid,
    project_config_version       bigint,
    correlation_id               text        COLLATE "C", -- of the request that made it
    -- What a repeated request is recognised by.
    create_idempotency_key       text        COLLATE "C",
    create_request_sha256        text        NOT NULL COLLATE "C",
    -- The contradiction between the axes that was told last; null while there is none.
    mismatch_code                text        COLLATE "C",
    -- Of the newest observation of each axis: an older one that comes later changes nothing.
    scheduler_observed_at        timestamptz,
    daliuge_observed_at          timestamptz,
    output_observed_at           timestamptz,
    CHECK (status IN ('pending', 'running', 'awaiting_scheduler', 'not_submitted', 'completed', 'failed', 'retrying',
                      'cancelled')),
    CHECK (execution_phase IN ('stage_and_manifest', 'submit')),
    CHECK (control_phase IN ('discovered', 'admission_pending', 'admitted', 'manifest_generated', 'graph_patched',
                             'translated', 'submission_pending', 'submitted', 'monitoring', 'output_verification',
                             'terminal')),
    CHECK (submission_state IN ('not_started', 'preparing', 'in_flight', 'submitted', 'uncertain', 'failed')),
    CHECK (scheduler_state IN ('not_submitted', 'pending', 'running', 'succeeded', 'failed', 'cancelled', 'timed_out',
                               'unknown')),
    CHECK (daliuge_state IN ('not_created', 'pristine', 'building', 'deploying', 'running', 'finished', 'cancelled',
                             'failed', 'unknown', 'unreachable')),
    CHECK (output_state IN ('not_started', 'pending', 'verifying', 'verified', 'failed', 'unknown')),
    CHECK (terminal_outcome IN ('succeeded', 'failed', 'cancelled', 'inconsistent')),
    CHECK (NOT (status = 'completed' AND output_verification_required AND output_state <> 'verified'))
) WITH (fillfactor = 70);

CREATE UNIQUE INDEX execution_idempotency ON execution (create_idempotency_key) WHERE create_idempotency_key IS NOT NULL;
-- Lists, the newest first: of all, of a project, of a status, and of both.
CREATE INDEX execution_created         ON execution (created_at DESC, uuid DESC);
CREATE INDEX execution_project         ON execution (project_module, created_at DESC, uuid DESC);
CREATE INDEX execution_status          ON execution (status, created_at DESC, uuid DESC);
CREATE INDEX execution_project_status  ON execution (project_module, status, created_at DESC, uuid DESC);
-- What gauges ask: the few that are open, and those that somebody should look at.
CREATE INDEX execution_open ON execution (status, created_at)
    WHERE status IN ('pending', 'running', 'awaiting_scheduler', 'retrying');
CREATE INDEX execution_risk ON execution (created_at)
    WHERE terminal_outcome = 'inconsistent' OR failure_class = 'inconsistent_state' OR submission_state = 'uncertain';

-- How many executions there are in each state of each axis, kept by the loader: gauges never count all executions.
CREATE TABLE execution_tally (
    facet text   NOT NULL COLLATE "C", -- status, submission, scheduler, daliuge, output, retries
    value text   NOT NULL COLLATE "C",
    count bigint NOT NULL,
    PRIMARY KEY (facet, value)
) WITH (fillfactor = 50);

-- What was seen of executions, as it was told.
CREATE TABLE execution_observation (
    uuid             uuid        NOT NULL,
    execution_id     uuid        NOT NULL REFERENCES execution ON DELETE CASCADE,
    kind             text        NOT NULL COLLATE "C"
                                 CHECK (kind IN ('scheduler', 'daliuge_session', 'daliuge_graph', 'output')),
    normalized_state text        NOT NULL COLLATE "C",
    raw_state        text        COLLATE "C",
    reason           text        COLLATE "C",
    payload          jsonb       NOT NULL DEFAULT '{}',
    source_version   text        COLLATE "C",
    observed_at      timestamptz NOT NULL,
    PRIMARY KEY (execution_id, uuid)
);

CREATE INDEX execution_observation_age    ON execution_observation (observed_at);
CREATE INDEX execution_observation_newest ON execution_observation (execution_id, observed_at DESC, uuid DESC);

-- What executions used and made: manifests, graphs, inventories.
CREATE TABLE execution_artifact (
    uuid           uuid        NOT NULL,
    execution_id   uuid        NOT NULL REFERENCES execution ON DELETE CASCADE,
    kind           text        NOT NULL COLLATE "C"
                               CHECK (kind IN ('manifest', 'source_graph', 'patched_graph', 'physical_graph',
                                               'output_inventory')),
    storage_kind   text        NOT NULL COLLATE "C" CHECK (storage_kind IN ('database', 'file', 'remote', 'http')),
    uri            text        COLLATE "C",
    inline_json    jsonb,
    media_type     text        COLLATE "C",
    sha256         text        NOT NULL COLLATE "C",
    size_bytes     bigint,
    producer_phase text        COLLATE "C",
    metadata       jsonb       NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (execution_id, uuid),
    UNIQUE (execution_id, kind, sha256),
    CHECK (uri IS NOT NULL OR inline_json IS NOT NULL)
);
