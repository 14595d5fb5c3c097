-- Keeps what only Tower's client tells of runs. Every group of columns belongs to the latest call by (instant, digest).
-- $1: runs, each once; $2: their ids; $3: their workspaces; then for each group its values, instants and digests.
INSERT INTO run_tower AS t (
    run_key, workflow_id, workspace_id,
    progress, progress_at, progress_digest,
    process_names, dag, launched, begin_at, begin_digest,
    config_text, config_at, config_digest,
    metrics, metrics_at, metrics_digest
)
SELECT
    run_key, workflow_id, workspace_id,
    progress::jsonb, progress_at, progress_digest,
    process_names::jsonb, dag::jsonb, launched, begin_at, begin_digest,
    config_text, config_at, config_digest,
    metrics::jsonb, metrics_at, metrics_digest
FROM unnest(
    $1::uuid[], $2::text[], $3::bigint[],
    $4::text[], $5::timestamptz[], $6::uuid[],
    $7::text[], $8::text[], $9::boolean[], $10::timestamptz[], $11::uuid[],
    $12::text[], $13::timestamptz[], $14::uuid[],
    $15::text[], $16::timestamptz[], $17::uuid[]
) AS n (
    run_key, workflow_id, workspace_id,
    progress, progress_at, progress_digest,
    process_names, dag, launched, begin_at, begin_digest,
    config_text, config_at, config_digest,
    metrics, metrics_at, metrics_digest
)
ORDER BY run_key
ON CONFLICT (run_key) DO UPDATE SET
    workflow_id  = least(t.workflow_id, excluded.workflow_id),
    workspace_id = greatest(t.workspace_id, excluded.workspace_id),
    (progress, progress_at, progress_digest) = (
        SELECT c.*
        FROM (VALUES
            (t.progress, t.progress_at, t.progress_digest),
            (excluded.progress, excluded.progress_at, excluded.progress_digest)
        ) AS c (told, at, digest)
        ORDER BY c.at DESC NULLS LAST, c.digest DESC NULLS LAST
        LIMIT 1
    ),
    (process_names, dag, launched, begin_at, begin_digest) = (
        SELECT c.*
        FROM (VALUES
            (t.process_names, t.dag, t.launched, t.begin_at, t.begin_digest),
            (excluded.process_names, excluded.dag, excluded.launched, excluded.begin_at, excluded.begin_digest)
        ) AS c (names, dag, launched, at, digest)
        ORDER BY c.at DESC NULLS LAST, c.digest DESC NULLS LAST
        LIMIT 1
    ),
    (config_text, config_at, config_digest) = (
        SELECT c.*
        FROM (VALUES
            (t.config_text, t.config_at, t.config_digest),
            (excluded.config_text, excluded.config_at, excluded.config_digest)
        ) AS c (told, at, digest)
        ORDER BY c.at DESC NULLS LAST, c.digest DESC NULLS LAST
        LIMIT 1
    ),
    (metrics, metrics_at, metrics_digest) = (
        SELECT c.*
        FROM (VALUES
            (t.metrics, t.metrics_at, t.metrics_digest),
            (excluded.metrics, excluded.metrics_at, excluded.metrics_digest)
        ) AS c (told, at, digest)
        ORDER BY c.at DESC NULLS LAST, c.digest DESC NULLS LAST
        LIMIT 1
    )
