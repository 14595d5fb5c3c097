-- The stored sealed distributions of groups, in hexadecimal digits separated by commas.
-- $1: processes, $2: their attempts; $3: grains, $4: their buckets; $5: the only process, null when there are several.
SELECT
    g.place,
    string_agg(encode(s.pct_cpu, 'hex'), ',') AS pct_cpu,
    string_agg(encode(s.pct_mem, 'hex'), ',') AS pct_mem,
    string_agg(encode(s.peak_rss, 'hex'), ',') AS peak_rss
FROM unnest($3::grain[], $4::timestamptz[]) AS p (grain, bucket)
-- OFFSET 0 keeps the join a nested loop over the key: as a hash join it would read the whole table.
CROSS JOIN LATERAL (
    SELECT *
    FROM sealed_sketch k
    WHERE k.grain = p.grain AND k.bucket = p.bucket AND ($5::text IS NULL OR k.process = $5)
    OFFSET 0
) s
JOIN unnest($1::text[], $2::integer[]) WITH ORDINALITY AS g (process, attempt, place)
    ON g.process = s.process AND g.attempt = s.attempt
GROUP BY g.place
