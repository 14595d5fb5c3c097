-- What every stream of the journal shares: how far it has been loaded, what PostgreSQL refused, who may call.

-- How far each stream of each journal has been applied. Written in the transaction of the rows themselves, so
-- that a line is applied exactly once, whatever crashes.
CREATE TABLE journal_position (
    journal_id  uuid        NOT NULL,
    stream      text        NOT NULL COLLATE "C",
    seq         bigint      NOT NULL,  -- the last line applied
    epoch       bigint      NOT NULL,  -- the start of the journal that applied it
    received_at timestamptz,           -- when that line had arrived; null before any of the stream's own
    applied_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (journal_id, stream)
);

-- Elements that PostgreSQL refused for what they are (SQLSTATE classes 22, 23 and 54), whole and with the reason.
CREATE TABLE dead_letter (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    journal_id  uuid        NOT NULL,
    stream      text        NOT NULL COLLATE "C",
    seq         bigint      NOT NULL,
    element     integer     NOT NULL,  -- position in the line's batch; 0 where a line is one element
    stage       smallint    NOT NULL,  -- of the projection: what earlier stages stored is there
    kind        text        NOT NULL COLLATE "C",
    received_at timestamptz NOT NULL,
    sql_state   text        NOT NULL,
    reason      text        NOT NULL,
    body        text        NOT NULL,
    state       text        NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'retried', 'dropped')),
    decided_at  timestamptz,
    created_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (journal_id, stream, seq, element)
);

CREATE INDEX dead_letter_waiting ON dead_letter (stream, id) WHERE state = 'waiting';

-- Tokens made with `weir token create`. Only the SHA-256 of a token is kept.
CREATE TABLE access_token (
    id         uuid        PRIMARY KEY,
    name       text        NOT NULL UNIQUE,
    hash       bytea       NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    scopes     text[]      NOT NULL CHECK (scopes <@ ARRAY['ingest', 'read', 'admin'] AND cardinality(scopes) > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
);
