-- The newest sample of each series that arrived since $1, but for those of the journal $2 (null: of all),
-- and for pushed ones, which the rows of their groups show.
SELECT DISTINCT ON (m.series_id)
    s.series_key, r.runtime_id, r.component_type, r.name AS component, s.metric_name, s.metric_type,
    s.labels::text AS labels, s.help_text, s.unit, m.at, m.value, m.received_at,
    -- The NaN by which a series ends; as text it would be any NaN.
    float8send(m.value) = '\x7ff0000000000002' AS is_stale
FROM (
    SELECT
        e.series_id, e.value, b.received_at, b.metric_id + e.place AS place,
        b.first_at + coalesce(e.after_us, 0) * interval '1 microsecond' AS at
    FROM sample_block b
    CROSS JOIN LATERAL unnest(b.series, b.after_us, b.value) WITH ORDINALITY AS e (series_id, after_us, value, place)
    WHERE b.received_at >= $1
      AND b.is_pushed IS NULL
      AND ($2::uuid IS NULL OR b.journal_id <> $2)
) m
JOIN series s USING (series_id)
JOIN component r USING (runtime_id)
WHERE s.ttl IS NULL OR greatest(m.received_at, s.ttl_set_at) + s.ttl > now()
ORDER BY m.series_id, least(m.at, m.received_at + interval '1 minute') DESC, m.place DESC
