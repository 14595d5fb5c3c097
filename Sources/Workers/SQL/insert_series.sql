-- Series that PostgreSQL does not have, and newer descriptions of those that it has.
-- $1: keys, $2: ids of components, $3: names, $4: types, $5: labels, $6: help, $7: unit, $8: arrivals.
INSERT INTO series AS s (series_key, runtime_id, metric_name, metric_type, labels, help_text, unit, described_at)
SELECT n.series_key, n.runtime_id, n.metric_name, n.metric_type, n.labels::jsonb, n.help_text, n.unit, n.at
FROM unnest(
    $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[]
) AS n (series_key, runtime_id, metric_name, metric_type, labels, help_text, unit, at)
ORDER BY n.series_key
ON CONFLICT (series_key) DO UPDATE SET
    metric_type = excluded.metric_type,
    help_text = excluded.help_text,
    unit = excluded.unit,
    described_at = excluded.described_at
WHERE excluded.described_at > s.described_at
  AND (excluded.metric_type, excluded.help_text, excluded.unit) IS DISTINCT FROM (s.metric_type, s.help_text, s.unit)
