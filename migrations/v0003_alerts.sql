-- Alerts: channels, rules, incidents, silences, and what is sent to whom.
--
-- The outbox of a notification is its row in `alert_delivery`: it is written in the transaction in which the incident
-- fires, so that either both are there or neither. All times of this file are PostgreSQL's, which several Weirs share.

-- Every change of a channel, a rule or a silence adds one, in its transaction: engines read it to know when to reload.
CREATE TABLE alert_revision (
    is_only  boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    revision bigint  NOT NULL DEFAULT 0,
    -- When rules over measured values were last looked at, by any Weir.
    evaluated_at timestamptz
);

INSERT INTO alert_revision DEFAULT VALUES;

-- ------------------------------------------------------------------------------------------------------- channels

CREATE TABLE notification_channel (
    uuid            uuid        PRIMARY KEY,
    name            text        NOT NULL UNIQUE COLLATE "C",
    kind            text        NOT NULL,
    config          jsonb       NOT NULL DEFAULT '{}',  -- secrets in it are sealed
    enabled         boolean     NOT NULL DEFAULT true,
    disabled_reason text,                               -- why Weir has disabled it: the receiver is gone
    origin          text        NOT NULL DEFAULT 'api', -- who owns it: `api`, `file`, `observability`
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz
);

-- ---------------------------------------------------------------------------------------------------------- rules

CREATE TABLE alert_rule (
    uuid               uuid        PRIMARY KEY,
    name               text        NOT NULL COLLATE "C",
    description        text,
    project_module     text,                              -- null: every project
    enabled            boolean     NOT NULL DEFAULT true,
    severity           text        NOT NULL DEFAULT 'warning',
    trigger_kind       text        NOT NULL,
    trigger_config     jsonb       NOT NULL DEFAULT '{}',
    scope              jsonb       NOT NULL DEFAULT '{}', -- further labels that must match: {"process": "ALIGN"}
    channel_ids        uuid[]      NOT NULL DEFAULT '{}',
    cooldown_seconds   integer     NOT NULL DEFAULT 3600,
    dedupe_by          text        NOT NULL DEFAULT 'subject',
    send_resolved      boolean     NOT NULL DEFAULT false,
    origin             text        NOT NULL DEFAULT 'api',
    last_fired_at      timestamptz,
    next_evaluation_at timestamptz NOT NULL DEFAULT '-infinity', -- of rules over measured values
    evaluation_error   text,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz
);

CREATE INDEX alert_rule_due ON alert_rule (next_evaluation_at) WHERE enabled;

-- Since when a condition of a rule holds that must hold for a time before it fires.
CREATE TABLE alert_condition (
    rule_id uuid        NOT NULL REFERENCES alert_rule ON DELETE CASCADE,
    key     text        NOT NULL COLLATE "C",
    since   timestamptz NOT NULL,
    PRIMARY KEY (rule_id, key)
);

-- When events came that a rule counts.
CREATE TABLE alert_match (
    rule_id uuid        NOT NULL REFERENCES alert_rule ON DELETE CASCADE,
    at      timestamptz NOT NULL
);

CREATE INDEX alert_match_at ON alert_match (rule_id, at);

-- ------------------------------------------------------------------------------------------------------ incidents

CREATE TABLE alert_incident (
    uuid            uuid        PRIMARY KEY,
    rule_id         uuid        REFERENCES alert_rule ON DELETE SET NULL,
    rule_name       text        NOT NULL,
    key             text        NOT NULL COLLATE "C", -- of the rule and the subject: `stage_failed/<run>:<process>`
    status          text        NOT NULL CHECK (status IN ('firing', 'resolved')),
    event           text        NOT NULL,             -- a word of the catalogue: `stage_failed`
    alert           text        NOT NULL,             -- the word of the payload: `execution.failed`
    severity        text        NOT NULL,
    project         text,
    title           text        NOT NULL,
    summary         text        NOT NULL,
    labels          jsonb       NOT NULL DEFAULT '{}',
    details         jsonb       NOT NULL DEFAULT '{}',
    links           jsonb       NOT NULL DEFAULT '{}',
    source_ids      text[]      NOT NULL DEFAULT '{}',
    value           double precision,                 -- of a measured rule
    started_at      timestamptz NOT NULL,
    last_fired_at   timestamptz NOT NULL,
    firings         bigint      NOT NULL DEFAULT 1,
    resolved_at     timestamptz,
    resolved_by     text,                             -- `condition`, `event`, `expired`, or who did it
    flaps           integer     NOT NULL DEFAULT 0,   -- how often it fired again soon after it was resolved
    acknowledged_at timestamptz,
    acknowledged_by text,
    notice          text,                             -- what people have not been told yet: `firing`, `resolved`
    notified_at     timestamptz,                      -- when deliveries of the last notice were written
    suppressed      bigint      NOT NULL DEFAULT 0,   -- firings since then
    silenced_by     uuid                              -- the silence that holds the notice back
);

CREATE UNIQUE INDEX alert_incident_firing ON alert_incident (rule_id, key) WHERE status = 'firing';
CREATE INDEX alert_incident_key ON alert_incident (rule_id, key, last_fired_at DESC);
CREATE INDEX alert_incident_recent ON alert_incident (last_fired_at DESC, uuid DESC);
CREATE INDEX alert_incident_open ON alert_incident (started_at DESC, uuid DESC) WHERE status = 'firing';
CREATE INDEX alert_incident_notice ON alert_incident (last_fired_at) WHERE notice IS NOT NULL;
CREATE INDEX alert_incident_pipeline ON alert_incident ((labels ->> 'pipeline')) WHERE status = 'firing';
CREATE INDEX alert_incident_notified ON alert_incident (rule_id, notified_at DESC) WHERE notified_at IS NOT NULL;

-- ------------------------------------------------------------------------------------------------------- silences

-- A silence, or a maintenance window when it has a schedule: then each of its occurrences lasts so long.
CREATE TABLE alert_silence (
    uuid       uuid        PRIMARY KEY,
    matchers   jsonb       NOT NULL, -- [{"name", "value", "isRegex", "isEqual"}]
    starts_at  timestamptz NOT NULL,
    ends_at    timestamptz NOT NULL,
    schedule   text,
    time_zone  text,
    lasting    interval,
    created_by text        NOT NULL DEFAULT '',
    comment    text        NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CHECK (ends_at >= starts_at),
    CHECK ((schedule IS NULL) = (lasting IS NULL))
);

CREATE INDEX alert_silence_end ON alert_silence (ends_at);

-- ----------------------------------------------------------------------------------------------------- deliveries

CREATE TABLE alert_delivery (
    uuid            uuid        PRIMARY KEY,
    -- The order of a channel's deliveries.
    position        bigint      GENERATED ALWAYS AS IDENTITY,
    rule_id         uuid        REFERENCES alert_rule ON DELETE SET NULL,
    channel_id      uuid        REFERENCES notification_channel ON DELETE SET NULL,
    incident_id     uuid        REFERENCES alert_incident ON DELETE SET NULL,
    status          text        NOT NULL
        CHECK (status IN ('pending', 'sending', 'retrying', 'sent', 'failed')),
    state           text        NOT NULL, -- of the incident, as it is told: `firing`, `resolved`, `test`
    event           text        NOT NULL,
    message         jsonb       NOT NULL, -- the notification
    payload         jsonb       NOT NULL DEFAULT '{}',
    error           text,
    attempts        integer     NOT NULL DEFAULT 0,
    max_attempts    integer     NOT NULL,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    lease_until     timestamptz,
    lease_owner     text,
    sent_at         timestamptz,
    http_status     integer,
    duration_ms     bigint,
    dedupe_key      text        NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz
);

CREATE INDEX alert_delivery_open ON alert_delivery (channel_id, position)
    WHERE status IN ('pending', 'sending', 'retrying');
CREATE INDEX alert_delivery_taken ON alert_delivery (lease_owner) WHERE status = 'sending';
CREATE INDEX alert_delivery_created ON alert_delivery (created_at DESC, uuid DESC);
CREATE INDEX alert_delivery_channel ON alert_delivery (channel_id, created_at DESC);
CREATE INDEX alert_delivery_rule ON alert_delivery (rule_id, created_at DESC);
CREATE INDEX alert_delivery_incident ON alert_delivery (incident_id, created_at);

-- -------------------------------------------------------------------------------------- observability integrations

-- The names and columns of the original, so that its database can be opened.
CREATE TABLE observability_integration_config (
    type        varchar(64) PRIMARY KEY,
    config_json text        NOT NULL DEFAULT '{}',
    status      varchar(32) NOT NULL DEFAULT 'not_configured',
    created_at  timestamp   NOT NULL DEFAULT current_timestamp,
    updated_at  timestamp   NOT NULL DEFAULT current_timestamp
);

CREATE INDEX idx_observability_config_updated_at ON observability_integration_config (updated_at);

CREATE TABLE observability_integration_health (
    type                varchar(64)      PRIMARY KEY,
    last_tested_at      timestamp        NULL,
    last_success_at     timestamp        NULL,
    last_error          text             NULL,
    export_rate_per_min double precision NOT NULL DEFAULT 0,
    drop_rate           double precision NOT NULL DEFAULT 0,
    CONSTRAINT fk_observability_health_config_type
        FOREIGN KEY (type) REFERENCES observability_integration_config (type)
);

CREATE INDEX idx_observability_health_last_tested_at ON observability_integration_health (last_tested_at);
