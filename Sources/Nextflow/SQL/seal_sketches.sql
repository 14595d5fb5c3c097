-- Makes the distributions of a bucket: of a year from its months, of others from the completions.
-- $1: grain, $2: the bucket, $3: where the next one begins.
WITH bins AS (
    SELECT c.process, c.attempt, v.value, sketch_bin(v.amount) AS bin, count(*) AS rows
    FROM completion c
    CROSS JOIN LATERAL (VALUES
        ('pct_cpu', c.pct_cpu), ('pct_mem', c.pct_mem), ('peak_rss', c.peak_rss)
    ) AS v (value, amount)
    WHERE $1::grain < 'year'
      AND c.utc_time >= $2::timestamptz
      AND c.utc_time < $3::timestamptz
      AND c.has_process
      AND v.amount IS NOT NULL
    GROUP BY c.process, c.attempt, v.value, bin
    UNION ALL
    SELECT s.process, s.attempt, v.value, b.bin, sum(b.rows)
    FROM sealed_sketch s
    CROSS JOIN LATERAL (VALUES
        ('pct_cpu', s.pct_cpu), ('pct_mem', s.pct_mem), ('peak_rss', s.peak_rss)
    ) AS v (value, sketch)
    CROSS JOIN LATERAL sketch_bins(v.sketch) b
    WHERE $1::grain = 'year'
      AND s.grain = 'month'
      AND s.bucket >= $2::timestamptz
      AND s.bucket < $3::timestamptz
    GROUP BY s.process, s.attempt, v.value, b.bin
), numbers AS (
    SELECT
        process, attempt, value, bin,
        sketch_number(bin - lag(bin, 1, 0) OVER (PARTITION BY process, attempt, value ORDER BY bin))
            || sketch_number(rows::bigint) AS code
    FROM bins
)
INSERT INTO sealed_sketch (grain, bucket, process, attempt, pct_cpu, pct_mem, peak_rss)
SELECT
    $1::grain, $2::timestamptz, process, attempt,
    coalesce(string_agg(code, '' ORDER BY bin) FILTER (WHERE value = 'pct_cpu'), ''),
    coalesce(string_agg(code, '' ORDER BY bin) FILTER (WHERE value = 'pct_mem'), ''),
    coalesce(string_agg(code, '' ORDER BY bin) FILTER (WHERE value = 'peak_rss'), '')
FROM numbers
GROUP BY process, attempt
ORDER BY process, attempt
