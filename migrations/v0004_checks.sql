-- Checks that jobs ping, the history of their pings, and what alerts measure of tracked runs.

-- A check: a job that pings Weir, when it is due, and how it stands. `id` is the first half of a SHA-256 of `ping_uuid`,
-- so that a journal line can name the check without its secret.
CREATE TABLE ping_check (
    id           uuid        PRIMARY KEY,
    ping_uuid    uuid        NOT NULL UNIQUE,  -- the secret of its URL
    ping_key     text        COLLATE "C",      -- the secret of its URL with a slug
    key_digest   uuid,                         -- of ping_key, as journal lines name it
    slug         text        COLLATE "C",
    name         text        NOT NULL COLLATE "C",
    tags         text[]      NOT NULL DEFAULT '{}',
    project      text        COLLATE "C",
    period       bigint,                       -- seconds; else cron
    cron         text        COLLATE "C",
    time_zone    text        COLLATE "C",
    grace        bigint      NOT NULL,         -- seconds
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    paused_at    timestamptz,
    -- Since when its pings count for its schedule: its creation without one, or the last resume.
    watched_from timestamptz,
    -- Whether an alarm is open, and of which time.
    missed_at    timestamptz,
    missed_due   timestamptz,
    CHECK ((period IS NULL) <> (cron IS NULL)),
    CHECK ((cron IS NULL) = (time_zone IS NULL)),
    CHECK ((ping_key IS NULL) = (slug IS NULL) AND (ping_key IS NULL) = (key_digest IS NULL))
);

CREATE INDEX ping_check_slug ON ping_check (key_digest, slug) WHERE slug IS NOT NULL;

-- What the pings of a check came to. The loader keeps it; it outlives neither the check nor a change of its schedule.
CREATE TABLE ping_state (
    check_id      uuid        PRIMARY KEY,
    last_ping_at  timestamptz,                 -- of the last success or failure
    last_kind     text        COLLATE "C",     -- of that one
    last_exit     bigint,
    last_start_at timestamptz,
    open_run      text,                        -- the event id of the run that has begun without a rid
    open_since    timestamptz,
    bare_run      text,                        -- the event id of the last run that ended without a beginning
    bare_at       timestamptz
) WITH (fillfactor = 70);

-- Pings, as they came.
CREATE TABLE ping (
    id          uuid        PRIMARY KEY,
    check_id    uuid        NOT NULL,
    at          timestamptz NOT NULL,
    kind        text        NOT NULL COLLATE "C" CHECK (kind IN ('success', 'start', 'fail', 'log')),
    exit_status bigint,
    rid         uuid,
    event_id    text        COLLATE "C",       -- the run that it began or ended
    method      text        NOT NULL COLLATE "C",
    remote      text        NOT NULL COLLATE "C",
    user_agent  text        NOT NULL COLLATE "C",
    body        text        NOT NULL,          -- the first 100,000 bytes
    body_bytes  bigint      NOT NULL           -- how many there were
);

CREATE INDEX ping_of_check ON ping (check_id, at DESC, id);
CREATE INDEX ping_age      ON ping (at);

-- When a run ended and how long it took, for windows over many runs. Runs that ended before this step have neither.
ALTER TABLE agent_run ADD COLUMN ended_at timestamptz, ADD COLUMN duration_ms bigint;
CREATE INDEX agent_run_ended ON agent_run (ended_at DESC) WHERE ended_at IS NOT NULL;
