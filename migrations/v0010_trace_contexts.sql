-- The trace contexts that senders give with tracked runs and executions.

-- Of runs that came with one. Of several the first by the time of its line stays, then the one whose texts are smaller:
-- whatever order the lines of two Weirs come in.
CREATE TABLE agent_run_trace (
    event_key   uuid        PRIMARY KEY REFERENCES agent_run ON DELETE CASCADE,
    trace_id    uuid        NOT NULL,
    traceparent text        NOT NULL COLLATE "C",
    tracestate  text        NOT NULL COLLATE "C" DEFAULT '',
    sent_at     timestamptz NOT NULL
);

CREATE INDEX agent_run_trace_id ON agent_run_trace (trace_id);

ALTER TABLE execution
    ADD COLUMN trace_id      uuid,
    ADD COLUMN traceparent   text COLLATE "C",
    ADD COLUMN tracestate    text COLLATE "C",
    ADD COLUMN trace_sent_at timestamptz;

CREATE INDEX execution_trace_id ON execution (trace_id) WHERE trace_id IS NOT NULL;
