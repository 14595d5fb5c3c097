-- Series by their numbers ($1), with the moment before which their samples are deleted: $2 for those without a lifetime
-- of their own. $3: this moment.
SELECT
    s.series_id, s.metric_name, s.labels::text AS labels, r.component_type, r.name AS component,
    CASE
        WHEN s.ttl IS NULL THEN $2::timestamptz
        WHEN s.ttl_set_at + s.ttl > $3 THEN '0001-01-01 00:00:00+00'
        ELSE $3::timestamptz - s.ttl
    END AS kept_since
FROM series s
JOIN component r USING (runtime_id)
WHERE s.series_id = ANY ($1::integer[])
