-- A line that is applied twice, or two lines with one number, leave the first.
INSERT INTO pipeline (
    id, application_id, name, created_at, trace_id, w3c_trace_id, parent_span_id, trace_flags, tracestate,
    first_items
)
SELECT s.id, a.id, s.name, s.created_at, s.trace, s.w3c, s.parent, s.flags, s.state, s.items
FROM unnest(
    $1::bigint[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::bigint[],
    $9::text[], $10::text[]
) AS s (id, application, name, created_at, trace, w3c, parent, flags, state, items)
JOIN application a ON a.name = s.application
ON CONFLICT DO NOTHING
RETURNING id
