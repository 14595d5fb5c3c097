-- Keeps the first trace context of each run: by the time of its line, then by its texts.
INSERT INTO agent_run_trace AS t (event_key, trace_id, traceparent, tracestate, sent_at)
SELECT event_key, trace_id, traceparent, tracestate, sent_at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[])
    AS c (event_key, trace_id, traceparent, tracestate, sent_at)
ORDER BY event_key
ON CONFLICT (event_key) DO UPDATE SET
    trace_id    = excluded.trace_id,
    traceparent = excluded.traceparent,
    tracestate  = excluded.tracestate,
    sent_at     = excluded.sent_at
WHERE (excluded.sent_at, excluded.traceparent, excluded.tracestate) < (t.sent_at, t.traceparent, t.tracestate)
