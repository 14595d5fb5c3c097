-- Fills runs, segments, tasks and completions with attempts [first, last) of `total`, the same ones at each call:
-- psql -v first=0 -v last=100000 -v total=1000000 -v now=2026-11-20T12:00:00Z -f attempts.sql
--
-- Runs of 500 and 4000 attempts lie over two years before `now`, 12 in a hundred within the last 30 days and 5 within
-- the last 7, in the order of time, as a Weir would have stored them. Twelve pipelines have 6 to 28 processes each.
-- Whatever would end after `now` is still at work.
--
-- `-v age=...` says how many days ago a run began, of its place `x` from 0 to 1; `-v pipelines=...` and `-v steps=...` how many there are.

\set QUIET on
\if :{?age}
\else
    \set age 'CASE WHEN x < 0.88 THEN 730 - 700 * x / 0.88 WHEN x < 0.95 THEN 30 - 23 * (x - 0.88) / 0.07 ELSE 7 - 7 * (x - 0.95) / 0.05 END'
    \set pipelines 12
    \set steps '(6 + 2 * n.pipeline)'
\endif
SET synchronous_commit = off;
SET work_mem = '256MB';
SET jit = off;

-- Numbers that look random and are always the same.
CREATE FUNCTION pg_temp.uniform(i bigint, seed bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$ SELECT (hashint8extended(i, seed) & 1073741823) / 1073741824.0::double precision $$;
-- Around 1, from 0.05 to 20, most between 0.3 and 3.
CREATE FUNCTION pg_temp.spread(i bigint, seed bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
    SELECT exp(2 * (pg_temp.uniform(i, seed) + pg_temp.uniform(i, seed + 1000) + pg_temp.uniform(i, seed + 2000) - 1.5))
$$;
-- As NextflowKeys.run makes them.
CREATE FUNCTION pg_temp.run_key(id text, name text) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(substr(sha256(
        decode(lpad(to_hex(length(id)), 2, '0') || '00000000000000', 'hex') || id::bytea
        || decode(lpad(to_hex(length(name)), 2, '0') || '00000000000000', 'hex') || name::bytea
    ), 1, 16), 'hex')::uuid
$$;

CREATE TEMPORARY TABLE new_run AS
SELECT
    block, blocks * 500 AS attempts, pg_temp.run_key('session-' || block / 2, 'run-' || block) AS run_key,
    'session-' || block / 2 AS run_id, 'run-' || block AS run_name,
    least(:pipelines - 1, floor(:pipelines * pow(pg_temp.uniform(block, 1), 1.5)))::integer AS pipeline,
    date_trunc('second', timestamptz :'now' - interval '1 day' * (:age)) AS began,
    interval '1 hour' * (2 + 2 * blocks + 2 * pg_temp.uniform(block, 2)) AS length
FROM (
    SELECT block, CASE WHEN block % 40 = 0 THEN 8 ELSE 1 END AS blocks, block * 500.0 / :total AS x
    FROM generate_series(:first / 500, (:last - 1) / 500) block
    -- The first of forty takes the attempts of the seven behind it.
    WHERE block % 40 = 0 OR block % 40 >= 8
) b;

CREATE TEMPORARY TABLE new_attempt AS
SELECT
    n.block, n.run_key, j, 500 * n.block + j AS i, n.began,
    date_trunc('second', n.began + n.length * (0.02 + 0.98 * (j + pg_temp.uniform(500 * n.block + j, 3)) / n.attempts)) AS ended,
    'PIPELINE_' || n.pipeline || ':WF:STEP_' || s.step AS process, s.step,
    CASE WHEN s.luck < 0.93 THEN 1 WHEN s.luck < 0.985 THEN 2 ELSE 3 END AS attempt,
    CASE WHEN s.fate < 0.945 THEN 'COMPLETED' WHEN s.fate < 0.996 THEN 'FAILED' ELSE 'ABORTED' END AS status,
    CASE WHEN s.fate < 0.945 THEN '0' WHEN s.fate < 0.97 THEN '137' WHEN s.fate < 0.985 THEN '1' WHEN s.fate < 0.996 THEN '143' ELSE '<null>' END AS exit,
    CASE WHEN s.fate < 0.945 THEN '' WHEN s.fate < 0.98 THEN 'RETRY' WHEN s.fate < 0.996 THEN 'IGNORE' ELSE '' END AS error_action,
    (ARRAY[1, 2, 4, 8])[1 + s.step % 4]::double precision AS cpus,
    (ARRAY[2, 4, 8, 16, 32, 64])[1 + s.step % 6] * 1073741824.0::double precision AS memory
FROM new_run n
CROSS JOIN LATERAL generate_series(0, n.attempts - 1) j
CROSS JOIN LATERAL (
    SELECT
        floor(:steps * pow(pg_temp.uniform(500 * n.block + j, 4), 2))::integer AS step,
        pg_temp.uniform(500 * n.block + j, 5) AS luck,
        pg_temp.uniform(500 * n.block + j, 6) AS fate
) s;

INSERT INTO run (
    run_key, run_id, run_name, first_utc, last_utc, first_received_at, last_received_at, started_utc, segment_start,
    task_utc, progress_utc, completed_utc, completed_digest, completed_segment, success, error_message,
    user_name, project_name
)
SELECT
    n.run_key, n.run_id, n.run_name, n.began, e.last, n.began, e.last, n.began, n.began, e.last, e.last,
    CASE WHEN e.has_ended THEN e.last END, CASE WHEN e.has_ended THEN n.run_key END,
    CASE WHEN e.has_ended THEN n.began END, CASE WHEN e.has_ended THEN e.fate < 0.8 END,
    CASE WHEN e.has_ended AND e.fate >= 0.8 THEN CASE WHEN e.fate < 0.998 THEN 'Process failed' ELSE 'SIGINT' END END,
    'user-' || n.block % 37, 'project-' || n.pipeline
FROM new_run n
CROSS JOIN LATERAL (
    SELECT
        least(n.began + n.length, timestamptz :'now') AS last,
        n.began + n.length <= timestamptz :'now' AS has_ended, pg_temp.uniform(n.block, 7) AS fate
) e;

INSERT INTO run_segment (
    run_key, segment_start, started_utc, completed_utc, told_by_completed, told_utc, told_digest, complete_at,
    duration_ms, success, exit_status, resume
)
SELECT
    run_key, segment_start, started_utc, completed_utc, completed_utc IS NOT NULL, coalesce(completed_utc, started_utc),
    run_key, completed_utc, 1000 * extract(epoch FROM completed_utc - started_utc), success, (NOT success)::integer, false
FROM run
WHERE run_key IN (SELECT run_key FROM new_run);

INSERT INTO completion (
    run_key, completion_key, telemetry_id, utc_time, has_process, process, attempt, status, exit, error_action,
    task_id, hash, name, sample_id, realtime_ms, cpus, memory, time_ms, pct_cpu, pct_mem, peak_rss, read_bytes,
    write_bytes, rchar, wchar
)
SELECT
    run_key, md5('attempt' || i)::uuid, 3 * i, ended, true, process, attempt, status, exit, error_action,
    j + 1, substr(md5(i::text), 1, 2) || '/' || substr(md5(i::text), 3, 6), process || ' (s' || j % 97 || ')', 's' || j % 97,
    round(60000 * (1 + step) * pg_temp.spread(i, 20)), cpus, memory, 3600000.0 * (1 + step % 12),
    round((cpus * 60 * least(1.6, pg_temp.spread(i, 21)))::numeric, 1), round((100 * pg_temp.uniform(i, 22) * (step % 7 + 1) / 7)::numeric, 1),
    round(memory * 0.3 * least(3, pg_temp.spread(i, 23))), round(1e9 * pg_temp.spread(i, 24)), round(3e8 * pg_temp.spread(i, 25)),
    round(2e9 * pg_temp.spread(i, 26)), round(4e8 * pg_temp.spread(i, 27))
FROM new_attempt
WHERE ended <= timestamptz :'now';

INSERT INTO task (
    run_key, task_number, task_id, hash, status_rank, submitted, started, completed, first_utc, last_utc,
    process, name, tag, attempt, exit, error_action, submit_at, start_at, complete_at, duration_ms, realtime_ms,
    cpus, memory, time_ms, pct_cpu, pct_mem, peak_rss, read_bytes, write_bytes, native_id, container, workdir
)
SELECT
    a.run_key, a.j + 1, a.j + 1, substr(md5(a.i::text), 1, 2) || '/' || substr(md5(a.i::text), 3, 6),
    CASE WHEN c.run_key IS NULL THEN 3 WHEN a.status = 'COMPLETED' THEN 5 WHEN a.status = 'ABORTED' THEN 6 ELSE 7 END,
    true, true, c.run_key IS NOT NULL, a.began, least(a.ended, timestamptz :'now'),
    a.process, a.process || ' (s' || a.j % 97 || ')', 's' || a.j % 97, a.attempt, nullif(c.exit, '<null>'),
    nullif(c.error_action, ''), a.began, a.began, c.utc_time, c.realtime_ms, c.realtime_ms, a.cpus, a.memory, c.time_ms,
    c.pct_cpu, c.pct_mem, c.peak_rss, c.read_bytes, c.write_bytes, a.i, 'registry.example/tool:1.' || a.step,
    '/scratch/work/' || substr(md5(a.i::text), 1, 2) || '/' || substr(md5(a.i::text), 3)
FROM new_attempt a
LEFT JOIN completion c ON c.run_key = a.run_key AND c.completion_key = md5('attempt' || a.i)::uuid;
