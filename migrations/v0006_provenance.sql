-- Provenance: what happened to whom, in the words of the platform's catalogue, whatever ran it. Contract beampipe 3.

-- The events. Rows are added and, when they are old, deleted; nothing changes one.
CREATE TABLE provenance_events (
    id                 uuid        PRIMARY KEY,
    occurred_at        timestamptz NOT NULL DEFAULT now(),
    event_type         text        NOT NULL COLLATE "C",
    project_module     text        NOT NULL COLLATE "C",
    source_identifier  text        COLLATE "C",
    execution_id       uuid,
    actor              text        COLLATE "C",
    correlation_id     text        COLLATE "C",
    payload            jsonb       NOT NULL DEFAULT '{}',
    received_at        timestamptz NOT NULL DEFAULT now(),
    -- Every source that the event is about, the first one included.
    source_identifiers text[]      NOT NULL DEFAULT '{}' COLLATE "C",
    trace_id           text        COLLATE "C",
    -- Of what its producer sent, but for the payload: tells a repetition from another event with the same id. Null for
    -- events that Weir's own features have written.
    content_digest     uuid
);

CREATE INDEX idx_provenance_events_project_occurred
    ON provenance_events (project_module, occurred_at DESC);
CREATE INDEX idx_provenance_events_execution
    ON provenance_events (execution_id, occurred_at DESC) WHERE execution_id IS NOT NULL;
CREATE INDEX idx_provenance_events_source
    ON provenance_events (project_module, source_identifier, occurred_at DESC) WHERE source_identifier IS NOT NULL;
CREATE INDEX idx_provenance_events_occurred_at ON provenance_events (occurred_at);
CREATE INDEX idx_provenance_events_type ON provenance_events (event_type, occurred_at DESC);
CREATE INDEX idx_provenance_events_actor
    ON provenance_events (actor, occurred_at DESC) WHERE actor IS NOT NULL;
CREATE INDEX idx_provenance_events_correlation
    ON provenance_events (correlation_id, occurred_at DESC) WHERE correlation_id IS NOT NULL;

-- The events of a source, the order of its feed included: an event may be about many (D12).
CREATE TABLE provenance_source (
    source_identifier text        NOT NULL COLLATE "C",
    occurred_at       timestamptz NOT NULL,
    event_id          uuid        NOT NULL,
    PRIMARY KEY (source_identifier, occurred_at, event_id)
);

-- ----------------------------------------------------------------------------------------------------- the live order

-- Transactions end in another order than they began in: no number that a row gets when it is written tells a reader of
-- new rows which ones it has seen. So each event gets its place afterwards, once it is committed, from whoever holds the
-- row of `provenance_feed`: places are dense, and one appears only after all before it.
CREATE TABLE provenance_feed (
    is_only       boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    last_position bigint  NOT NULL DEFAULT 0
);

INSERT INTO provenance_feed DEFAULT VALUES;

-- Events that have no place yet: added with the event, deleted with the place.
CREATE TABLE provenance_unplaced (
    ordinal  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid   NOT NULL
);

CREATE TABLE provenance_position (
    position bigint PRIMARY KEY,
    event_id uuid   NOT NULL UNIQUE
);
