"""Replays a journal into an empty database and compares the response of every GET before and after."""

import argparse
import base64
import itertools
import json
import pathlib
import re
import shutil
import urllib.parse

from harness import ROOT, Postgres, Report, Weir, scratch, wait_until

RECORDED = ROOT / "Tests/NextflowTests/Fixtures"
JSON = {"Content-Type": "application/json"}
# So that the answers do not depend on how long the replay takes.
SETTINGS = {
    "WEIR_STALE_AFTER": "3650d", "WEIR_JOURNAL_RESERVE": "0", "WEIR_JOURNAL_SEGMENT": "1MiB", "WEIR_METRICS_REFRESH": "1s",
    "WEIR_SERVER_METRICS_EVERY": "0", "WEIR_WORKER_OFFLINE_AFTER": "1d", "WEIR_PIPELINE_WORKER_OFFLINE_AFTER": "1d", "WEIR_TOWER_STALE_AFTER": "3650d",
}  # fmt: skip

# What may differ, and why; all else is compared byte by byte.
DIFFERENT = {
    "/metrics": "counts what this process did: the gauges of the database are compared",
    "/ready": "says how full the disk is: names and states of its checks are compared",
    "…/metrics/processes/…": "`generated_at_utc`: the clock",
    "…/metrics/processes/tasks": "`telemetry_id`: as `id` below",
    "…/events": "`id` and, in `next_cursor`, the same id: handed out by the database, without a meaning",
    "/api/metrics/partitions": "the bytes of a partition: what was written over is not written again",
    "/api/v2/executions/…/status": "`duration_seconds` of one that runs: the clock",
    "/api/v1/runs…": "`id` and, in the cursor, the same id: handed out by the database, without a meaning",
}
CLOCK = re.compile(rb'"generated_at_utc":"[^"]+"')
ROW_ID = re.compile(rb'"telemetry_id":\d+,')
BYTES = re.compile(rb'"bytes":\d+')
DURATION = re.compile(rb'"duration_seconds":[^,}]+')
RUN_ID = re.compile(rb'\{"id":\d+,|^\d+,', re.MULTILINE)
CURSOR = re.compile(rb'"next_cursor":"([^"]+)"')
LINK = re.compile(r"[?&]cursor=([^&>]+)")
EVENT_ID = re.compile(rb'\{"id":\d+,"event":')
GAUGES = re.compile(r"^(?:weir_nextflow_runs|weir_nextflow_tasks|weir_dead_letters|weir_partitions)\b.*$", re.MULTILINE)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="simulated, beside the recorded ones")
    parser.add_argument("--tasks", type=int, default=60)
    parser.add_argument("--fixture", type=pathlib.Path, help="write a small journal and its answers here instead, for a test")
    options = parser.parse_args()
    report = Report("replay")
    postgres = Postgres()
    if options.fixture:
        make_fixture(report, postgres, options.fixture)
        report.end()
    postgres.sql("CREATE DATABASE rebuilt", database="postgres")
    rebuilt = postgres.url.rpartition("/")[0] + "/rebuilt"
    live = Weir(scratch() / "data", postgres.url, env=SETTINGS).start()
    send_recorded(live)
    track(live)
    follow(live)
    work(live)
    ping(live)
    execute(live)
    tell(live)
    trace(live)
    pipe(live)
    sent = simulate(live, options)
    live.await_loaded()
    report.expect(live.terminate() == 0, "the live one stops")
    report.say(events=sent, segments=len(list((live.data / "raw").iterdir())), dead_letters=postgres.value("SELECT count(*) FROM dead_letter"))

    copy_checks(postgres, rebuilt)
    replay = Weir(scratch() / "data", rebuilt, env=SETTINGS).start(wait=0, arguments=("replay", "--journal", str(live.data)))
    report.expect(replay.process.wait(300) == 0, replay.output_path.read_text().strip())
    live.start()
    other = Weir(scratch() / "data", rebuilt, env=SETTINGS).start()
    compare(report, live, other)
    live.terminate()
    other.terminate()
    report.end()


def send_recorded(weir):
    """Every request that real clients sent, and every composed one."""
    bodies = [line for name in sorted(RECORDED.glob("*.ndjson")) for line in name.read_bytes().splitlines()]
    send(weir, bodies + composed())


def follow(weir):
    """Sessions of Tower's client, also with the weblog beside it, and calls for a run that nothing has told yet."""
    for name in ("23.10.4_both", "25.10.2_fail", "26.04.6_retry", "26.04.6_sigint"):
        workflow = None
        for line in (RECORDED / "tower" / f"{name}.ndjson").read_text().splitlines():
            request = json.loads(line)
            parts = request["path"].split("/")
            path = request["path"] if parts[1] != "trace" else "/tower/trace/" + "/".join([workflow, *parts[3:]] if workflow else parts[2:])
            status, _, answer = weir.ask(request["method"], path, json.dumps(request["body"]).encode(), headers=JSON)
            if status != 200:
                raise RuntimeError(f"{path}: {status} {answer[:200]}")
            if path.endswith("/create"):
                workflow = json.loads(answer)["workflowId"]
    weir.ask("PUT", "/tower/trace/unknown/progress", b'{"tasks":[{"taskId":1,"status":"RUNNING","pcpu":}]}', headers=JSON)


def composed():
    return [name.read_bytes() for name in sorted((RECORDED / "weblog").glob("*.json"))]


def track(weir):
    """Tracked runs by every request that writes one: alone, again, in a batch, changed, changed to what is refused, with a commit."""

    def ask(method, path, body):
        status, _, answer = weir.ask(method, f"/api/v1/runs{path}", json.dumps(body).encode(), headers=JSON)
        if status >= 500:
            raise RuntimeError(f"{method} {path}: {status} {answer[:200]}")

    batch = [tracked_run(number) for number in range(40)]
    for run in batch[:20]:
        ask("POST", "", run)
    ask("POST", "", batch[0] | {"job_type": "other"})
    ask("POST", "/batch", batch[10:])
    for number, run in enumerate(batch):
        end = {"status": ["success", "failure", "cancelled"][number % 3], "end_time": f"2026-11-21T09:{number:02}:00+00:00"}
        if number % 4:
            ask("PATCH", f"/{run['event_id']}", end | {"items_succeeded": number, "metrics_json": {"loss": number / 7}})
    ask("PATCH", "/nobody", {"status": "success"})
    ask("PATCH", f"/{batch[0]['event_id']}", {"status": "no such status"})
    for run in batch[::5]:
        ask("POST", f"/{run['event_id']}/associate-commit", {"commit_hash": f"{int(run['event_id'][1:]):040x}", "commit_source": "manual"})


def tracked_run(number):
    return {
        "event_id": f"e{number}", "run_id": f"r{number % 7}", "agent_name": f"agent-{number % 3}", "job_type": ["nightly", "übung"][number % 2],
        "start_time": f"2026-11-21T08:{number:02}:00+00:00", "website": f"w{number % 2}.example", "website_section": "a", "insight_id": f"i{number % 4}",
        "parent_run_id": f"r{number % 2}" if number % 3 else None, "git_repo": "https://github.com/o/n", "context_json": {"n": number},
        "api_posted": bool(number % 2), "tracestate": f"a={number}",
        "traceparent": f"00-{number + 1:032x}-{number + 1:016x}-01" if number % 3 == 0 else None,
    }  # fmt: skip


def work(weir):
    """Workers that register, send heartbeats, report and go."""

    def ask(method, path, body):
        status, _, answer = weir.ask(method, path, json.dumps(body).encode(), headers=JSON)
        if status != 200:
            raise RuntimeError(f"{method} {path}: {status} {answer[:200]}")

    for pool in range(3):
        ask("POST", "/api/worker/pool/register", {"name": f"pool-{pool}", "runtime": ["cpu", "gpu"][pool % 2], "labels": ["a", "b"], "capacity": pool})
    ask("POST", "/api/runtime/register", {"name": "pool-0", "kind": "server_api", "uri": "http://other"})
    ask("POST", "/api/worker/pool/heartbeat", {"name": "adopted"})
    # Eighths add up to the same in any order.
    for number in range(40):
        metrics = [
            {
                "metric_name": f"m{number % 5}", "metric_type": ["gauge", "counter"][number % 2], "metric_value": number * value / 8, "unit": "u",
                "labels": {"slot": str(value % 3), "zone": "ä"}, "timestamp": f"2026-11-20T22:{number:02}:0{value}Z", "help_text": f"h{number % 5}",
            }
            for value in range(6)
        ]  # fmt: skip
        ask("POST", "/api/metrics/report", {"component_name": f"pool-{number % 3}", "component_type": "worker_pool", "metrics": metrics})
    for number in range(5):
        ask("POST", "/v1/metrics", otlp_metrics(number))
    ask("POST", "/api/metrics/ttl/set?metric_name=m1&ttl_days=30", {})
    ask("POST", "/api/metrics/ttl/extend-component?component_name=pool-2&ttl_days=9", {})
    ask("DELETE", "/api/worker/pool/deregister", {"name": "pool-1"})


def otlp_metrics(number):
    """A request as an SDK of OpenTelemetry sends it, with a data point that is not stored."""
    at = {"timeUnixNano": str(1_795_212_813_000_000_000 + number * 60_000_000_000)}
    path = {"attributes": [{"key": "http.route", "value": {"stringValue": "/ü"}}]}
    metrics = [
        {"name": "jobs.done", "sum": {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [at | path | {"asInt": str(number)}]}},
        {"name": "delta", "sum": {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [at | {"asInt": "1"}]}},
        {"name": "load", "unit": "1", "gauge": {"dataPoints": [at | {"asDouble": number / 8}]}},
        {"name": "took", "unit": "s", "histogram": {"aggregationTemporality": 2, "dataPoints": [
            at | {"count": "3", "sum": 3.5, "bucketCounts": ["1", "2"], "explicitBounds": [1]},
        ]}},
    ]  # fmt: skip
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": f"service-{number % 2}"}}, {"key": "host.name", "value": {"stringValue": "h"}}]}
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": metrics}]}]}


PINGS = ["/start", "", "/start", "/3", "/log", "/start?rid=11111111-2222-4333-8444-555555555555", "?rid=11111111-2222-4333-8444-555555555555"]
PINGED = 3  # runs that these make


def ping(weir):
    """A job that pings its check in every way, by its UUID and by its slug."""
    status, _, answer = weir.ask("POST", "/api/v2/checks", json.dumps({"name": "backup", "slug": "backup"}).encode(), headers=JSON)
    if status != 201:
        raise RuntimeError(f"POST /api/v2/checks: {status} {answer[:200]}")
    paths = itertools.cycle([json.loads(answer)["ping_path"], json.loads(answer)["slug_path"]])
    for ping, path in zip(PINGS, paths, strict=False):
        status, _, answer = weir.ask("POST", path + ping, b"what the job says")
        if status != 200:
            raise RuntimeError(f"POST {path}{ping}: {status} {answer[:200]}")


EXECUTED = 12  # executions that execute() registers


def execute(weir):
    """A backend that registers executions and says how they stand: changed, observed, refused, tried again, registered twice."""

    def ask(method, path, body, expected):
        headers = JSON | {"Idempotency-Key": f"k{body.get('archive_name', 'none')}"}
        if body.get("scheduler_name") == "slurm":
            headers |= {"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01", "tracestate": "a=1"}
        status, _, answer = weir.ask(method, f"/api/v2/executions{path}", json.dumps(body).encode(), headers=headers)
        if status not in expected:
            raise RuntimeError(f"{method} /api/v2/executions{path}: {status} {answer[:200]}")
        return json.loads(answer)

    for number in range(EXECUTED):
        body = {
            "project_module": f"project-{number % 3}", "archive_name": f"a{number}.tar", "sources": [{"source_identifier": f"S{number}"}],
            "scheduler_name": ["slurm", "daliuge"][number % 2], "output_verification_required": number % 4 == 3,
        }  # fmt: skip
        made = ask("POST", "", body, (201,))
        ask("POST", "", body, (200,))
        path = f"/{made['uuid']}"
        if number % 5:
            ask("PATCH", path, {"status": "running", "execution_phase": "submit", "workflow_manifest": {"n": number}}, (200,))
        for state in ["PENDING", "RUNNING", ["COMPLETED", "FAILED"][number % 2]][: number % 4]:
            ask("POST", path + "/observations", {"kind": "scheduler", "raw_state": state, "payload": {"n": number / 8}}, (201,))
        ask("PATCH", path, {"status": "pending"}, (200, 409))
        if number % 4 == 2:
            ask("PATCH", path, {"beampipe_run_record": {"slurm": {"terminal": {"state": "X"}}}, "status": "cancelled"}, (200,))


# What programs post is in the journal; what other features tell is not, and has other projects.
POSTED = [
    "/pipelines", "/api/pipelines?pageSize=2&pageNumber=2&statuses=Failed&statuses=Running", "/pipelines?search=p1", "/pipelines/1", "/pipelines/2",
    "/pipelines/3", "/api/pipelines/4", "/pipelines/99", "/workers/events", "/api/workers/events?limit=2",
    "/observability/traces/4bf92f3577b34da6a3ce929d0e0e4736",
    "/api/v2/projects/posted/events", "/api/v2/projects/posted/events?limit=4&order=asc", "/api/v2/events?project_module=posted&event_type=quality.",
    "/api/v2/sources/s%2F1/events", "/api/v2/executions/0198a1b2-0000-7000-8000-000000000001/events", "/api/v2/projects/posted/events?actor=producer:anonymous",
]  # fmt: skip


def tell(weir):
    """Events of a program: alone, in arrays, again, and one whose id belongs to another."""

    def event(number, kind="quality.checked"):
        return {
            "id": f"0198a1b2-0000-7000-8000-0000000001{number:02}", "event_type": kind, "occurred_at": f"2026-11-20T10:{number:02}:00.25+01:00",
            "source_identifiers": ["s/1", f"s/{number}"], "execution_id": "0198a1b2-0000-7000-8000-000000000001",
            "payload": {"n": number, "text": "a\nb é", "token": "hidden"},
        }  # fmt: skip

    bodies = [(event(1), 201), ([event(n) for n in range(2, 12)], 201), (event(1), 200), ([event(12), event(3)], 201), (event(1, "other.kind"), 409)]
    for body, expected in bodies:
        status, _, answer = weir.ask("POST", "/api/v2/projects/posted/events", json.dumps(body).encode(), headers=JSON)
        if status != expected:
            raise RuntimeError(f"POST of events: {status} instead of {expected}: {answer[:200]}")


def trace(weir):
    """Spans of a program, in both encodings of OTLP; one comes twice, and once more with a later end."""
    ids = '"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7"'
    span = '{"resourceSpans":[{"scopeSpans":[{"spans":[{%s,"name":"work","startTimeUnixNano":"1795212813000000000","endTimeUnixNano":"%s"}]}]}]}'
    bodies = [(span % (ids, end)).encode() for end in ("1795212814000000001", "1795212814000000001", "1795212815000000000")]
    # The same trace, span 1, named "p".
    raw = bytes.fromhex("0a23" "1221" "121f" "0a10" "4bf92f3577b34da6a3ce929d0e0e4736" "1208" "0000000000000001" "2a0170")
    for body, kind in [(body, "application/json") for body in bodies] + [(raw, "application/x-protobuf")]:
        status, _, answer = weir.ask("POST", "/v1/traces", body, headers={"Content-Type": kind})
        if status != 200:
            raise RuntimeError(f"POST /v1/traces: {status} {answer[:200]}")


def pipe(weir):
    """Pipelines with stages that end, fail, are repeated, left out, done again; a worker, its events; logs."""

    def post(path, body, expected=200, headers=JSON):
        status, _, answer = weir.ask("POST", path, json.dumps(body).encode(), headers=headers)
        if status != expected:
            raise RuntimeError(f"POST {path}: {status} {answer[:200]}")
        return json.loads(answer or b"null")

    worker = post("/workers/bootstrap", {"workerName": "w", "instanceId": "i"})
    session = JSON | {"X-Worker-Session": worker["workerSessionToken"]}
    post("/workers/heartbeat", {"workerId": worker["workerId"], "state": "ready", "jobsProcessed": 2}, headers=session)
    post("/workers/events", {"workerId": worker["workerId"], "events": [{"level": "warning", "eventType": "disk.low", "message": "m"}]}, headers=session)
    for number in range(4):
        stages = [{"stageName": f"s{stage}", "stageHandlerName": "h", "options": {"maxRetries": 1, "retryInterval": 1}} for stage in range(3)]
        keywords = [{"key": "k", "value": f"v{number}"}]
        made = post("/pipelines", {"name": f"p{number}", "traceId": f"trace-{number}", "stages": stages, "pipelineKeywords": keywords})
        first, second, third = (stage["id"] for stage in made["stages"])
        post(f"/stages/{first}/status", {"status": "Running"})
        result = {"isSuccess": number % 2 == 0, "result": "r", "logs": [{"message": "l", "logLevel": "INFO", "created": "2026-11-20T10:00:00Z"}]}
        post(f"/stages/{first}/result", result)
        if number > 1:
            post("/pipelines/skipStage", {"stageId": second})
            post("/pipelines/rerunStage", {"stageId": first, "rerunAllNextStages": number == 3})
        post(f"/stages/{third}/status", {"status": "Running"})
    post("/logs", {"message": "m", "logLevel": "ERROR"})


def copy_checks(postgres, rebuilt):
    """A check is configuration, which no journal has: the other database gets it before the pings are replayed."""
    migration = Weir(scratch() / "data", rebuilt, env=SETTINGS).start(wait=0, arguments=("migrate",))
    if migration.process.wait(60):
        raise RuntimeError(migration.log())
    for (row,) in postgres.sql("SELECT to_jsonb(c) FROM ping_check c"):
        postgres.sql(f"INSERT INTO ping_check SELECT * FROM jsonb_populate_record(NULL::ping_check, $row${row}$row$)", database="rebuilt")


def send(weir, bodies):
    return [weir.ask("POST", "/telemetry", body, headers=JSON)[0] for body in bodies].count(200)


def simulate(weir, options):
    """Runs that fail, retry, go down and are resumed; how many lines there are then."""
    arguments = ["simulate", "--runs", options.runs, "--tasks", options.tasks, "--failures", "0.15", "--start", "2026-11-20T08:00:00Z"]
    arguments += ["--url", f"http://127.0.0.1:{weir.port}/telemetry"]
    simulation = Weir(scratch(), None).start(wait=0, arguments=tuple(map(str, arguments)))
    if simulation.process.wait(300):
        raise RuntimeError(simulation.log())
    return int(weir.metric("weir_journal_durable_seq"))


# ---------------------------------------------------------------------------------------------- comparison


def compare(report, live, other):
    paths, different, errors, bytes_compared = questions(live), [], 0, 0
    for path in paths:
        before, after = answer(live, path), answer(other, path)
        bytes_compared += len(before[1])
        errors += before[0] != 200
        if before != after:
            different.append(path)
            print(f"       {path}\n         {excerpt(before, after)}")
    routes = {path.partition("?")[0] for path in paths}
    report.say(questions=len(paths), paths=len(routes), not_200=errors, bytes=bytes_compared, different=len(different))
    report.expect(not different, "every GET is answered as before")
    report.expect(len(paths) > 200, "there was something to compare")
    for path, why in DIFFERENT.items():
        print(f"       not compared byte by byte: {path} ({why})")


def answer(weir, path):
    """(status, body) as far as it has to be the same, the pages behind a first one included, three at the most."""
    status, fields, body = weir.get(path)
    if path == "/metrics":
        wait_until(lambda: "weir_nextflow_runs" in weir.get("/metrics")[2].decode(), 30, "the gauges")
        body = "\n".join(sorted(GAUGES.findall(weir.get("/metrics")[2].decode()))).encode()
    if path == "/ready":
        body = repr([(check["name"], check["ok"]) for check in json.loads(body)["checks"]]).encode()
    pages, cursor = [body], next_cursor(fields, body)
    while cursor and len(pages) < 4:
        _, fields, body = weir.get(f"{path}{'&' if '?' in path else '?'}{query('cursor', cursor)}")
        pages.append(body)
        cursor = next_cursor(fields, body)
    if path == "/api/metrics/partitions":
        pages = [BYTES.sub(b"", page) for page in pages]
    if "/metrics/processes/" in path:
        pages = [ROW_ID.sub(b"", CLOCK.sub(b"", page)) for page in pages]
    if path.partition("?")[0].endswith("/events"):
        pages = [CURSOR.sub(without_id, EVENT_ID.sub(b'{"event":', page)) for page in pages]
    if path.startswith(EXECUTIONS):
        pages = [DURATION.sub(b"", page) for page in pages]
    if path.startswith("/api/v1/runs"):
        pages = [RUN_ID.sub(b"{", page) for page in pages]
    return status, b"\n".join(pages)


def next_cursor(fields, body):
    """Where the next page begins: in the answer, or in its `Link`."""
    if found := CURSOR.search(body):
        return found[1].decode()
    found = LINK.search(fields.get("Link", ""))
    return urllib.parse.unquote(found[1]) if found else None


def without_id(cursor):
    """A cursor of events is the time of the last one, and its id."""
    return json.dumps(json.loads(base64.urlsafe_b64decode(cursor[1] + b"=="))[:1]).encode()


def excerpt(before, after):
    """The first place where two answers part."""
    (status, left), (other, right) = before, after
    at = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    return f"{status}/{other} at {at}: {left[max(0, at - 60):at + 60]!r} / {right[max(0, at - 60):at + 60]!r}"


def questions(weir):
    """Every GET of the server's own description, with every parameter alone and some together."""
    described = json.loads(weir.get("/openapi.json")[2])["paths"]
    runs = json.loads(weir.get("/api/nextflow/runs?limit=500")[2])["runs"]
    tracked = json.loads(weir.get("/api/v1/runs?limit=500")[2])
    if len(tracked) != 40 + PINGED:
        raise LookupError(f"{len(tracked)} tracked runs are there instead of {40 + PINGED}: what track() or ping() sends is refused")
    executions = json.loads(weir.get(f"{EXECUTIONS}?items_per_page=500")[2])["items"]
    if len(executions) != EXECUTED:
        raise LookupError(f"{len(executions)} executions are there instead of {EXECUTED}: what execute() sends is refused")
    surfaces = {
        "/api/v1/": tracked_values(tracked), EXECUTIONS: {"project_module": ["project-1", "nobody"]}, "/api/nextflow/": nextflow_values(weir, runs),
        "/api/metrics/processes/": nextflow_values(weir, runs), "/api/": worker_values(weir), "/": nextflow_values(weir, runs),
    }  # fmt: skip
    workflows = [each["workflow"]["id"] for each in json.loads(weir.get("/tower/workflow?max=100")[2])["workflows"]]
    paths = []
    for template, item in described.items():
        if "get" not in item or (template.startswith(CONFIGURED) and not template.startswith(EXECUTIONS)):
            continue
        if template.removeprefix("/api").startswith(PIPELINES) or template in TOLD:
            continue
        known = next(values for prefix, values in surfaces.items() if template.startswith(prefix))
        parameters = [p for p in item["get"].get("parameters", []) if p["in"] == "query" and p["name"] != "cursor"]
        values = {p["name"]: values_of(template, p, known) for p in parameters}
        for path in filled(template, runs, tracked, executions, workflows):
            singles = [f"{path}?{query(name, value)}" for name in values for value in values[name]]
            pairs = [f"{path}?{query(a, values[a][0])}&{query(b, values[b][-1])}" for a, b in itertools.combinations(values, 2)]
            few = singles[:] if "{" not in template else singles[:12]
            for question in [path, *few, *(pairs if "{" not in template else pairs[:4])]:
                paths.append(question)
    return paths + POSTED


# Rules, channels, checks and what became of them are configuration: no journal has them, and a replay keeps none.
CONFIGURED = ("/api/v2/", "/observability/", "/api/observability/", "/ping/")
EXECUTIONS = "/api/v2/executions"
# They have what features told each other, which is in no journal.
TOLD = (f"{EXECUTIONS}/{{id}}/events", f"{EXECUTIONS}/{{id}}/ledger-snapshot")
# Asked by name, in POSTED: whether a worker is there depends on the clock.
PIPELINES = ("/pipelines", "/workers")


def values_of(template, parameter, known):
    """What a parameter can be: as said here, else as its schema says. A text about which neither says anything fails."""
    name, schema = parameter["name"], parameter.get("schema", {})
    if name in known:
        return known[name]
    schema = next(iter(schema.get("anyOf", [])), schema)
    schema = schema.get("items", schema)
    if "enum" in schema:
        return schema["enum"]
    if schema.get("type") == "boolean":
        return ["true", "false"]
    if "minimum" in schema:
        return [schema["minimum"], schema["minimum"] + 1]
    raise LookupError(f"{template}: say in nextflow_values, tracked_values or worker_values what '{name}' can be")


def filled(template, runs, tracked, executions, workflows):
    """A template with the names of runs in it, all of them where that is cheap."""
    if "{" not in template:
        return [template]
    names = [{"run_id": run["run_id"], "run_name": run["run_name"]} for run in runs]
    names += [{"event_id": run["event_id"]} for run in tracked]
    names += [{"field": field} for field in ("agent_name", "job_type")]
    names += [{"id": execution["uuid"]} for execution in executions]
    names += [{"user_id": "1"}] + [{"workflow_id": id, "task_id": "1"} for id in workflows]
    wanted = set(re.findall(r"{(\w+)}", template))
    fill = {
        re.sub(r"{(\w+)}", lambda place: urllib.parse.quote(each[place[1]], safe=""), template)  # noqa: B023
        for each in names
        if wanted <= each.keys()
    }
    if not fill:
        raise LookupError(f"{template}: say in filled what {sorted(wanted)} can be")
    return [*sorted(fill), re.sub(r"{\w+}", "nobody", template)]


def nextflow_values(weir, runs):
    tasks = json.loads(weir.get("/metrics/processes/tasks?limit=500")[2])["rows"]
    processes = sorted({task["process"] for task in tasks})
    return {
        "window_days": [1, 400], "window_hours": [1, 2000], "min_samples": [1, 3], "limit": [1, 7, 200],
        "since": ["2026-11-20T12:00:00Z", "2026-11-25T00:00:00Z"], "until": ["2026-11-20T12:00:00Z", "2027-01-01T00:00:00Z"],
        "run_name": [runs[0]["run_name"], "nobody"], "process": [*processes[:3], "nobody"], "executor": ["local", "nobody"], "machine_type": ["m5.large"], "group_by": ["error_action"],
        "status": ["COMPLETED", "FAILED", "ABORTED"], "offset": [0, 5], "bucket": ["hour", "day", "week"],
        "state": ["pending", "running", "stale", "succeeded", "failed", "cancelled,failed"], "name": [runs[0]["run_name"], "A"],
        "user": sorted({str(run.get("user")) for run in runs})[:2], "project": sorted({str(run.get("project")) for run in runs})[:2],
        "run_id": [runs[0]["run_id"], "nobody"], "attempt": [1, 2], "event": ["started", "process_completed", "error"], "order": ["oldest", "newest"],
        "search": ["a", "*e*", "nobody"], "workspaceId": [1, 300], "attributes": ["optimized"],
    }  # fmt: skip


def tracked_values(tracked):
    """The filters of tracked runs: values that are there, and one that is not."""
    times = ["2026-11-21T08:10:00+00:00", "2027-01-01T00:00:00Z"]
    columns = ["agent_name", "job_type", "run_id", "parent_run_id", "insight_id", "website", "website_section", "git_commit_hash"]
    return {
        **{column: [*sorted({run[column] for run in tracked if run[column]})[:2], "nobody"] for column in columns},
        "limit": [1, 7, 200], "offset": [0, 5], "status": ["success", "running", "failure"], "api_posted": ["true", "false"], "total": ["true", "false"],
        "created_before": times, "created_after": times, "start_time_from": times, "start_time_to": times,
    }  # fmt: skip


def worker_values(weir):
    """The filters of workers and metrics: values that are there, and one that is not."""
    components = json.loads(weir.get("/api/metrics/components")[2])["components"]
    return {
        "runtime_id": [components[0]["runtime_id"], 5], "component_name": ["pool-0", "pool-1", "nobody"], "metric_name": ["m1", "m4", "none"],
        "metric_type": ["gauge", "counter"], "start_time": ["2026-11-20T22:10:00Z", "2027-01-01T00:00:00Z"], "end_time": ["2026-11-20T22:30:00Z"],
        "limit": [0, 7, 200], "runtime": ["cpu", "gpu"], "status": ["ready", "offline"], "metric_name_regex": ["m[12]", "x.*"],
        "label.{name}": ["a"], "trace_id": ["none"], "execution_id": ["none"], "step": ["5m", "1d"], "by": ["slot", "component_name"],
        "start": ["2026-11-20T22:10:00Z"], "end": ["2026-11-20T22:30:00Z"], "name[]": ["m1"], "match[]": ['{slot="1"}', "m2"],
    }  # fmt: skip


def query(name, value):
    return urllib.parse.urlencode({name: value})


# ------------------------------------------------------------------------------------------------- a fixture

ASKED = [
    "/metrics/processes/summary?min_samples=1", "/metrics/processes/retries?min_samples=1", "/metrics/processes/resources-by-attempt?min_samples=1",
    "/metrics/processes/failures?min_samples=1", "/metrics/processes/failure-signatures?group_by=error_action", "/metrics/processes/tasks?limit=500",
    "/metrics/processes/timeline?bucket=day", "/api/nextflow/runs?limit=500",
]  # fmt: skip


def make_fixture(report, postgres, directory):
    """A journal of two segments and its answers, as this release writes them."""
    weir = Weir(scratch() / "data", postgres.url, env=SETTINGS)
    asked = ASKED + POSTED
    for half in (composed()[::2], composed()[1::2]):
        weir.start()
        report.expect(send(weir, half) == len(half), "the events are taken")
        weir.await_loaded()
        weir.terminate()
    weir.start()
    tell(weir)
    for run in json.loads(weir.get("/api/nextflow/runs?limit=500")[2])["runs"]:
        path = "/api/nextflow/runs/" + "/".join(urllib.parse.quote(run[part], safe="") for part in ("run_id", "run_name"))
        asked += [path, f"{path}/tasks", f"{path}/events"]
    answers = {path: weir.get(path) for path in asked}
    report.expect(all(answer[0] == 200 for answer in answers.values()), "all questions are answered")
    weir.terminate()
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "raw").mkdir(parents=True)
    shutil.copy(weir.data / "journal.json", directory)
    for segment in (weir.data / "raw").iterdir():
        shutil.copy(segment, directory / "raw")
    lines = "".join(f"{path}\n{answer[2].decode()}\n" for path, answer in answers.items())
    (directory / "answers.txt").write_text(lines)


if __name__ == "__main__":
    main()
