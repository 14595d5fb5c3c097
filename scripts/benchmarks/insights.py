"""Insights: the answers about pipelines, stages and traces over a million tasks, tracked runs and stages."""

import math
import types

from alerts import Month
from growth import await_sealed
from harness import Weir, scratch
from load import wrk
from trial import cluster


MILLION = 1_000_000
RANGES = ["15m", "1h", "6h", "24h", "7d"]
DAYS = 30

# Evenly over thirty days, as the tasks are; the last ones have just begun.
RUNS = f"""
    INSERT INTO agent_run (event_key, event_id, run_id, agent_name, job_type, status, created_at, created_order, created_is_time,
        start_time, start_instant, api_posted, received_at, document, ended_at, duration_ms)
    SELECT md5('run' || n)::uuid, 'bench-' || n, 'run-' || n, 'agent-' || n % 40, 'job-' || n % 7,
        CASE WHEN n > {MILLION} - 100 THEN 'running' WHEN n % 25 = 0 THEN 'failure' ELSE 'success' END,
        at::text, at, true, at::text, at, false, at, '{{}}', CASE WHEN n <= {MILLION} - 100 THEN at + took END,
        extract(epoch FROM took) * 1000
    FROM generate_series(1, {MILLION}) n
    CROSS JOIN LATERAL (
        SELECT now() - interval '{DAYS} days' * (1 - n / {MILLION}.0) AS at, interval '1 second' * (n * 7919 % 3600) AS took) t
"""
PIPELINES = f"""
    INSERT INTO pipeline (id, name, status, created_at, finished_at, is_completed, was_started, w3c_trace_id)
    SELECT n, 'pipeline-' || n % 40, CASE WHEN n % 25 = 0 THEN 'Failed' ELSE 'Completed' END, at, at + interval '8 minutes', true, true,
        md5('pipeline' || n)
    FROM generate_series(1, {MILLION // 4}) n
    CROSS JOIN LATERAL (SELECT now() - interval '{DAYS} days' * (1 - n * 4 / {MILLION}.0) AS at) t
"""
STAGES = """
    INSERT INTO stage (id, pipeline_id, name, stage_handler_name, status, created_at, started_at, finished_at, span_id)
    SELECT 4 * p.id + s, p.id, 'stage-' || s, 'handler-' || s, CASE WHEN s = 3 THEN p.status ELSE 'Completed' END, p.created_at,
        p.created_at + s * interval '2 minutes', p.created_at + s * interval '2 minutes' + interval '1 ms' * (p.id * 7919 % 120000),
        left(md5('stage' || p.id || s), 16)
    FROM pipeline p CROSS JOIN generate_series(0, 3) s
"""


def site(postgres):
    store = Month(postgres, MILLION)
    store.fill(math.inf)
    for statement in (RUNS, PIPELINES, STAGES):
        store.sql("SET synchronous_commit = off; " + statement)
    weir = Weir(scratch("weir-bench-"), store.url, env={"WEIR_LOG_LEVEL": "warning"}).start(wait=600)
    await_sealed(types.SimpleNamespace(say=lambda **_: None), store)
    store.sql("VACUUM ANALYZE")
    return weir


def questions():
    """What is asked, and its path."""
    for span in RANGES:
        yield f"insights, {span}", f"/observability/insights?range={span}"
    for span in RANGES[1::2] + RANGES[-1:]:
        yield f"series, {span}", f"/observability/insights/series?range={span}"
    yield "traces, newest 50", "/observability/traces?limit=50"
    yield "traces, newest 50 that failed", "/observability/traces?limit=50&status=error"
    yield "traces, newest 50 of a pipeline", "/observability/traces?limit=50&search=pipeline-7"
    yield "traces, 50 that nobody has", "/observability/traces?limit=50&search=nothing"


def run(options, table):
    postgres = cluster()
    weir = site(postgres)
    for what, path in questions():
        loads = [wrk(f"http://127.0.0.1:{weir.port}{path}", min(options.seconds, 5), "get", connections=1) for _ in range(options.runs)]
        table.limit(f"{what}: p50", [load.p50 for load in loads], " ms")
        print(f"  {what}: {loads[-1].p50:.1f} ms", flush=True)
    weir.terminate()
    postgres.stop("immediate")
