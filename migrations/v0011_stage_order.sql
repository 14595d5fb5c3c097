-- Lines of two Weirs about the same stages and workers: rows are a function of the lines, in whatever order they are loaded.
--
-- What was said of stages, kept as it came: the rows of a pipeline are made of it in the order (at, journal, seq). A line that
-- is loaded behind a later one makes them anew.

CREATE TABLE stage_report (
    stage_id    bigint      NOT NULL,
    at          timestamptz NOT NULL,
    journal     uuid        NOT NULL,
    seq         bigint      NOT NULL,
    kind        text        NOT NULL,
    body        text        NOT NULL,
    -- Null until the pipeline is made: its line may be loaded later than those about its stages.
    pipeline_id bigint      REFERENCES pipeline ON DELETE CASCADE,
    PRIMARY KEY (stage_id, at, journal, seq)
);

CREATE INDEX stage_report_pipeline ON stage_report (pipeline_id, at, journal, seq) WHERE pipeline_id IS NOT NULL;
CREATE INDEX stage_report_early ON stage_report (at) WHERE pipeline_id IS NULL;

-- The values that came with the pipeline, as JSON. Null for one that was made before its reports were kept: what is said of it
-- counts in the order in which it is loaded.
ALTER TABLE pipeline ADD COLUMN first_items text;

-- ------------------------------------------------------------------------------------------------------------ workers

-- Which line has set each value of the row, as JSON: the latest one counts. Null for a row that is older than this column.
ALTER TABLE worker_client ADD COLUMN marks text;

-- The other number of a worker whose first two beginnings two Weirs heard at once.
CREATE TABLE worker_alias (
    id        bigint PRIMARY KEY,
    worker_id bigint NOT NULL REFERENCES worker_client ON DELETE CASCADE
);

CREATE INDEX worker_alias_worker ON worker_alias (worker_id);

-- What was said by workers whose beginning is not loaded yet.
CREATE TABLE worker_report (
    worker_id bigint      NOT NULL,
    at        timestamptz NOT NULL,
    journal   uuid        NOT NULL,
    seq       bigint      NOT NULL,
    body      text        NOT NULL,
    PRIMARY KEY (worker_id, at, journal, seq)
);

CREATE INDEX worker_report_at ON worker_report (at);

-- ----------------------------------------------------------------------------------------------------------- insights

-- Counts and durations of a window are read from these alone, without the rows.
DROP INDEX stage_started, stage_finished, pipeline_finished, worker_client_seen;
CREATE INDEX stage_started ON stage (started_at) INCLUDE (finished_at, pipeline_id, name, status, retry_attempt)
    WHERE started_at IS NOT NULL;
CREATE INDEX stage_finished ON stage (finished_at) INCLUDE (started_at, status) WHERE finished_at IS NOT NULL;
CREATE INDEX pipeline_finished ON pipeline (finished_at) INCLUDE (status) WHERE finished_at IS NOT NULL;
CREATE INDEX worker_client_seen ON worker_client (last_seen_at) INCLUDE (state);

-- Those that failed, and those that are at work, are few.
CREATE INDEX pipeline_failed ON pipeline (created_at, id) WHERE lower(status) = 'failed';
CREATE INDEX pipeline_running ON pipeline (created_at, id) WHERE lower(status) NOT IN ('completed', 'failed');

CREATE INDEX keyword_value ON keyword (value);
