-- Removes expired samples of blocks that arrived within a stretch of time, and returns how many. What is left of a block
-- becomes one block for each run of samples that follow each other, so that their ids stay.
-- $1, $2: the stretch, its end exclusive; $3: samples that arrived before this have expired, unless they have a lifetime
-- of their own; $4: this moment. Blocks of hours that have ended and are not rolled up stay.
WITH mixed AS (
    DELETE FROM sample_block b
    WHERE b.received_at >= $1 AND b.received_at < $2
      AND EXISTS (
          SELECT FROM unnest(b.series) AS e (series_id)
          LEFT JOIN series s ON s.series_id = e.series_id
          WHERE CASE
              WHEN s.series_id IS NULL THEN true
              WHEN s.ttl IS NULL THEN b.received_at < $3
              ELSE greatest(b.received_at, s.ttl_set_at) + s.ttl <= $4
          END
      )
      AND NOT EXISTS (
          SELECT FROM rollup_due d
          WHERE d.runtime_id = b.runtime_id
            AND d.hour > b.first_at - interval '1 hour'
            AND d.hour <= b.last_at
            AND d.hour <= $4::timestamptz - interval '1 hour'
      )
    RETURNING b.*
),
alive AS (
    SELECT
        b.received_at, b.runtime_id, b.journal_id, b.metric_id, b.first_at, b.exemplars, b.is_pushed, e.series_id, e.value, e.place,
        b.first_at + coalesce(e.after_us, 0) * interval '1 microsecond' AS at,
        e.place - row_number() OVER (PARTITION BY b.journal_id, b.metric_id ORDER BY e.place) AS run
    FROM mixed b
    CROSS JOIN LATERAL unnest(b.series, b.after_us, b.value) WITH ORDINALITY AS e (series_id, after_us, value, place)
    JOIN series s ON s.series_id = e.series_id
    WHERE CASE
        WHEN s.ttl IS NULL THEN b.received_at >= $3
        ELSE greatest(b.received_at, s.ttl_set_at) + s.ttl > $4
    END
),
runs AS (
    SELECT
        received_at, runtime_id, journal_id, metric_id, run, min(place) AS first_place, min(at) AS first_at,
        max(at) AS last_at
    FROM alive
    GROUP BY received_at, runtime_id, journal_id, metric_id, run
),
kept AS (
    INSERT INTO sample_block (
        received_at, runtime_id, journal_id, metric_id, first_at, last_at, series, after_us, value, exemplars, trace_refs,
        is_pushed
    )
    SELECT
        r.received_at, r.runtime_id, r.journal_id, r.metric_id + r.first_place - 1, r.first_at, r.last_at,
        array_agg(a.series_id ORDER BY a.place),
        CASE
            WHEN r.first_at < r.last_at
            THEN array_agg((extract(epoch FROM a.at - r.first_at) * 1000000)::bigint ORDER BY a.place)
        END,
        array_agg(a.value ORDER BY a.place),
        jsonb_object_agg((a.place - r.first_place + 1)::text, x.exemplar) FILTER (WHERE x.exemplar IS NOT NULL),
        nullif(
            array_remove(
                array_agg(DISTINCT x.exemplar ->> 'trace_id') || array_agg(DISTINCT x.exemplar ->> 'execution_id'), NULL
            ),
            '{}'
        ),
        bool_or(a.is_pushed)
    FROM runs r
    JOIN alive a USING (received_at, runtime_id, journal_id, metric_id, run)
    CROSS JOIN LATERAL (SELECT a.exemplars -> a.place::text) AS x (exemplar)
    GROUP BY r.received_at, r.runtime_id, r.journal_id, r.metric_id, r.run, r.first_place, r.first_at, r.last_at
),
removed AS (
    SELECT journal_id, sum(samples) AS samples
    FROM (
        SELECT journal_id, cardinality(value) AS samples FROM mixed
        UNION ALL
        SELECT journal_id, -1 FROM alive
    ) s
    GROUP BY journal_id
),
counted AS (
    UPDATE sample_count c
    SET samples = c.samples - r.samples
    FROM removed r
    WHERE c.journal_id = r.journal_id AND c.day = ($1::timestamptz AT TIME ZONE 'UTC')::date
)
SELECT coalesce(sum(samples), 0)::bigint AS removed FROM removed
