-- What answers say of series, by their numbers ($1).
SELECT
    s.series_id, s.runtime_id, r.name AS component_name, r.component_type, s.metric_name, s.metric_type,
    s.labels::text AS labels, s.help_text, s.unit, s.described_at
FROM series s
JOIN component r ON r.runtime_id = s.runtime_id
WHERE s.series_id = ANY ($1::integer[])
