-- Stores spans; of two with the same ids the one that ends later stays, then the one with the greater digest.
INSERT INTO span AS s (
    trace_id, span_id, parent_id, name, kind, start_ns, end_ns, status, status_message, service, message, digest,
    received_at
)
SELECT *
FROM unnest(
    $1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::smallint[], $6::bigint[], $7::bigint[], $8::smallint[],
    $9::text[], $10::text[], $11::bytea[], $12::uuid[], $13::timestamptz[]
)
ON CONFLICT (trace_id, span_id) DO UPDATE SET
    parent_id      = excluded.parent_id,
    name           = excluded.name,
    kind           = excluded.kind,
    start_ns       = excluded.start_ns,
    end_ns         = excluded.end_ns,
    status         = excluded.status,
    status_message = excluded.status_message,
    service        = excluded.service,
    message        = excluded.message,
    digest         = excluded.digest
WHERE (excluded.end_ns, excluded.digest) > (s.end_ns, s.digest)
