-- Gives new series the latest lifetime that concerns them. $1: keys.
UPDATE series s
SET ttl = l.ttl, ttl_set_at = l.set_at
FROM (
    SELECT DISTINCT ON (n.series_id) n.series_id, l.ttl, l.set_at
    FROM series n
    JOIN component c ON c.runtime_id = n.runtime_id
    JOIN sample_lifetime l ON (l.of_component, l.name) IN ((false, n.metric_name), (true, c.name))
    WHERE n.series_key = ANY ($1::uuid[])
    ORDER BY n.series_id, l.set_at DESC, l.ttl DESC
) l
WHERE s.series_id = l.series_id
  AND (coalesce(s.ttl_set_at, '-infinity'), coalesce(s.ttl, '0')) < (l.set_at, l.ttl)
