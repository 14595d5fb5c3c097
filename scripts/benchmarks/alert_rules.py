"""A thousand alert rules, as a large site has them: a few questions that many ask of their own projects and processes.

One in fifty of the rules over values fires all the time: what is silent costs less.
"""

PROJECTS, STEPS, POOLS = 10, 6, 25
PROJECT = [f"project-{n}" for n in range(PROJECTS)]
METRICS = ["noetl_worker_queue_size", "noetl_system_cpu_usage_percent", "noetl_process_memory_rss_bytes"]
# What is measured apart, by a name for the table.
PARTS = {
    "400 over events": ("event",),
    "300 over ratios, retries, metrics": ("failure_ratio", "retry_storm", "metric_threshold"),
    "100 over open runs": ("run_stuck", "run_slow"),
    "100 over absence": ("absence",),
    "100 over lag, disk, dead letters, pending": ("lag", "disk", "dead_letters", "pending_backlog", "pending_stale"),
}


def thousand():
    """(kind, configuration, what else a rule has) of each."""
    yield from events()
    yield from ratios()
    yield from metrics()
    for n in range(100):
        project = {"project_module": PROJECT[n % PROJECTS]}
        if n % 2:
            yield "run_slow", {"factor": 2 + n % 5, "min_seconds": 600}, project
        else:
            since = "start" if n % 4 else "event"
            yield "run_stuck", {"after_seconds": 1 if n % 50 == 0 else 864_000, "since": since}, project
    yield from absences()
    for n in range(20):
        yield "lag", {"threshold_seconds": 60 + n, "for_seconds": 60}, {}
        yield "disk", {"threshold_percent": 1 if n == 0 else 99}, {}
        yield "dead_letters", {"threshold": n}, {}
        project = {"project_module": PROJECT[n % PROJECTS]}
        yield "pending_backlog", {"threshold": 100_000 + n}, project
        yield "pending_stale", {"max_age_seconds": 8_640_000}, project


def events():
    for n in range(100):
        process = f"PIPELINE_{n % PROJECTS}:WF:STEP_{n // PROJECTS % STEPS}"
        yield "event", {"events": ["stage_failed"]}, {"scope": {"process": process}}
        yield "event", {"events": ["stage_failed"], "group_by": ["pipeline"]}, {"scope": {"process": f"PIPELINE_{n}:*"}}
        yield "event", {"events": ["pipeline_failed", "pipeline_stuck"]}, {"project_module": f"project-{n}"}
        yield "event", {"events": ["worker_heartbeat_lost", "worker_failed"]}, {"scope": {"component": f"pool-{n}"}}


def ratios():
    for n in range(100):
        project = {"project_module": PROJECT[n % PROJECTS]}
        of, minutes = ("process", "process", "pipeline", "agent")[n % 4], (15, 60, 1440)[n % 3]
        fires = n % 50 == 0
        yield "failure_ratio", {"of": of, "threshold": 0.005 if fires else 0.9, "window_minutes": minutes}, project
        yield "retry_storm", {"threshold": 1 if fires else 100_000, "window_minutes": (15, 60)[n % 2]}, project


def metrics():
    for n in range(40):
        metric = ("process.p95_ms", "process.ratio", "pipeline.ratio", "agent.failed")[n % 4]
        config = {"metric": metric, "threshold": 0 if n == 0 else 1e12, "window_minutes": (60, 1440)[n % 2], "for_seconds": 30}
        yield "metric_threshold", config, {"project_module": PROJECT[n % PROJECTS]}
    for n in range(10):
        yield "metric_threshold", {"metric": "weir_loader_lag_seconds", "threshold": 60 + n}, {}
    for n in range(50):
        config = {"metric": METRICS[n % 3], "threshold": -1 if n == 0 else 1e15, "aggregate": ("max", "avg")[n // 3 % 2]}
        if n % 2 == 0:
            config["labels"] = {"component": f"pool-{n % POOLS}"}
        yield "metric_threshold", config, {}


def absences():
    for n in range(25):
        yield "absence", {"of": "heartbeat", "component": f"pool-{n % POOLS}", "period_seconds": 600}, {}
        yield "absence", {"of": "run", "agent": f"agent-{n % 20}"}, {}
        yield "absence", {"of": "success", "agent": f"agent-{n % 20}", "cron": "0 3 * * *", "grace_seconds": 7200}, {}
        yield "absence", {"of": "event", "event_type": "run.", "period_seconds": 10 if n == 0 else 86_400}, {}
