-- Tracked runs: what agents and batch jobs tell of themselves.
--
-- `event_key` is the first half of the SHA-256 of event_id, as a uuid: clients choose ids of any length, and an index
-- row has an end. It is in the primary key, so that the table can be distributed by it.

-- Numbers by which clients see the order of arrival.
CREATE SEQUENCE agent_run_id;

-- One row a run. `document` is the record as its clients see it, without `id` and links, values spelt as they were
-- sent: an answer copies it. The columns beside it are those that lists are filtered and ordered by.
CREATE TABLE agent_run (
    event_key       uuid        PRIMARY KEY,
    id              bigint      NOT NULL DEFAULT nextval('agent_run_id'),
    event_id        text        NOT NULL COLLATE "C",
    run_id          text        NOT NULL COLLATE "C",
    agent_name      text        NOT NULL COLLATE "C",
    job_type        text        NOT NULL COLLATE "C",
    status          text        NOT NULL COLLATE "C"
        CHECK (status IN ('running', 'success', 'failure', 'partial', 'timeout', 'cancelled')),
    created_at      text        NOT NULL COLLATE "C",
    created_order   timestamptz NOT NULL,  -- created_at as an instant; the arrival where it is none
    created_is_time boolean     NOT NULL,
    start_time      text        NOT NULL COLLATE "C",
    start_instant   timestamptz,           -- null where start_time is none
    api_posted      boolean     NOT NULL,
    parent_run_id   text        COLLATE "C",
    insight_id      text        COLLATE "C",
    website         text        COLLATE "C",
    website_section text        COLLATE "C",
    git_repo        text        COLLATE "C",
    git_commit_hash text        COLLATE "C",
    received_at     timestamptz NOT NULL,  -- Weir's clock
    document        json        NOT NULL
) WITH (fillfactor = 85);

-- What may be longer than an index row is indexed by its beginning; queries compare that and the whole.
CREATE FUNCTION index_prefix(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$ SELECT left(value, 200) COLLATE "C" $$;

CREATE INDEX agent_run_created ON agent_run (created_order DESC, id);
CREATE INDEX agent_run_agent   ON agent_run (index_prefix(agent_name), created_order DESC);
CREATE INDEX agent_run_job     ON agent_run (index_prefix(job_type), created_order DESC);
CREATE INDEX agent_run_run     ON agent_run (index_prefix(run_id));
-- Most runs succeed: those that did are found by the other indexes.
CREATE INDEX agent_run_status  ON agent_run (status, created_order DESC) WHERE status <> 'success';
CREATE INDEX agent_run_untimed ON agent_run (created_order DESC) WHERE NOT created_is_time;
CREATE INDEX agent_run_posted  ON agent_run (created_order DESC) WHERE api_posted;
CREATE INDEX agent_run_parent  ON agent_run (index_prefix(parent_run_id)) WHERE parent_run_id IS NOT NULL;
CREATE INDEX agent_run_insight ON agent_run (index_prefix(insight_id)) WHERE insight_id IS NOT NULL;
CREATE INDEX agent_run_commit  ON agent_run (index_prefix(git_commit_hash)) WHERE git_commit_hash IS NOT NULL;
CREATE INDEX agent_run_website ON agent_run (index_prefix(website), index_prefix(website_section))
    WHERE website IS NOT NULL;
CREATE INDEX agent_run_start   ON agent_run USING brin (start_instant) WITH (autosummarize = on);

-- How many runs there are of each agent and of each job type: what would otherwise be counted over all rows. Kept by
-- whoever inserts and deletes runs, in the same transaction.
CREATE TABLE agent_run_tally (
    facet     text   NOT NULL COLLATE "C" CHECK (facet IN ('agent_name', 'job_type')),
    value_key uuid   NOT NULL,  -- the first half of the SHA-256 of the value
    value     text   NOT NULL COLLATE "C",
    runs      bigint NOT NULL,
    PRIMARY KEY (facet, value_key)
) WITH (fillfactor = 50);

-- The record column by column, for people who ask with SQL.
CREATE VIEW agent_runs AS
SELECT
    r.id,
    r.event_id,
    r.run_id,
    (r.document ->> 'schema_version')::bigint    AS schema_version,
    r.created_at,
    r.document ->> 'updated_at'                  AS updated_at,
    r.start_time,
    r.document ->> 'end_time'                    AS end_time,
    r.agent_name,
    r.document ->> 'agent_owner'                 AS agent_owner,
    r.job_type,
    r.status,
    r.document ->> 'product'                     AS product,
    r.document ->> 'product_family'              AS product_family,
    r.document ->> 'platform'                    AS platform,
    r.document ->> 'subdomain'                   AS subdomain,
    r.website,
    r.website_section,
    r.document ->> 'item_name'                   AS item_name,
    (r.document ->> 'items_discovered')::bigint  AS items_discovered,
    (r.document ->> 'items_succeeded')::bigint   AS items_succeeded,
    (r.document ->> 'items_failed')::bigint      AS items_failed,
    (r.document ->> 'items_skipped')::bigint     AS items_skipped,
    (r.document ->> 'duration_ms')::bigint       AS duration_ms,
    r.document ->> 'input_summary'               AS input_summary,
    r.document ->> 'output_summary'              AS output_summary,
    r.document ->> 'source_ref'                  AS source_ref,
    r.document ->> 'target_ref'                  AS target_ref,
    r.document ->> 'error_summary'               AS error_summary,
    r.document ->> 'error_details'               AS error_details,
    r.git_repo,
    r.document ->> 'git_branch'                  AS git_branch,
    r.git_commit_hash,
    r.document ->> 'git_run_tag'                 AS git_run_tag,
    r.document ->> 'git_commit_source'           AS git_commit_source,
    r.document ->> 'git_commit_author'           AS git_commit_author,
    r.document ->> 'git_commit_timestamp'        AS git_commit_timestamp,
    r.document ->> 'host'                        AS host,
    r.document ->> 'environment'                 AS environment,
    r.document ->> 'trigger_type'                AS trigger_type,
    r.document -> 'metrics_json'                 AS metrics_json,
    r.document -> 'context_json'                 AS context_json,
    r.api_posted,
    r.document ->> 'api_posted_at'               AS api_posted_at,
    (r.document ->> 'api_retry_count')::bigint   AS api_retry_count,
    r.insight_id,
    r.parent_run_id
FROM agent_run r;

-- -------------------------------------------------------------------------------------------------------- signals

-- What projections tell those who react: written in the transaction of the rows, and only while somebody is
-- registered. `xid` lets a consumer read only what can have no older, uncommitted neighbour.
CREATE TABLE signal_consumer (
    name       text        PRIMARY KEY,
    last_xid   xid8        NOT NULL DEFAULT pg_current_xact_id(),
    last_id    bigint      NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE signal (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid        xid8        NOT NULL DEFAULT pg_current_xact_id(),
    kind       text        NOT NULL COLLATE "C",  -- `run.failed`
    subject    text        NOT NULL,              -- what it is about: an event_id
    at         timestamptz NOT NULL,              -- when the line that caused it had arrived
    detail     jsonb       NOT NULL
);

CREATE INDEX signal_unread ON signal (xid, id);
