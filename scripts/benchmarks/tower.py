"""Calls of Nextflow's Tower client with 100 tasks each, beside nginx answering 200 to the same bodies and the weblog's loader."""

import http.client
import json
import pathlib
import time

from figures import spread
from load import Nginx, wrk
from loader import LINES, drain
from trial import Trial, cluster

SCRIPT = pathlib.Path(__file__).with_name("tower.lua")
TASKS, RUNS, CONNECTIONS = 100, 8, 16


def begin(port):
    """Creates runs: the ids that Weir answers."""
    connection, ids = http.client.HTTPConnection("127.0.0.1", port), []

    def ask(method, path, body):
        connection.request(method, f"/tower/trace/{path}", json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return json.loads(answer.read())

    for number in range(RUNS):
        run = {"sessionId": f"{time.time_ns() // 1000 % 2**32:08x}-0000-4000-8000-{number:012d}", "runName": f"bench_{number}"}
        ids.append(ask("POST", "create", run | {"workflowId": None, "instant": 0})["workflowId"])
        ask("PUT", f"{ids[-1]}/begin", {"workflow": run | {"start": "2026-11-20T00:00:00.5Z"}, "processNames": [], "instant": 1})
    connection.close()
    return ids


def calls(port, seconds, until=None, ids=None):
    """Sends `progress` of runs, of new ones if no ids are given."""
    url = f"http://127.0.0.1:{port}/tower/trace/"
    return wrk(url, seconds, time.time_ns() // 1000000, *(ids or begin(port)), until=until, script=SCRIPT, connections=CONNECTIONS)


def measure(postgres, seconds):
    """One run on an empty database: a flat dictionary of figures."""
    trial = Trial(postgres)
    weir = trial.weir
    ids = begin(weir.port)
    weir.await_loaded()
    before, lines = trial.cpu(), weir.metric("weir_loader_lines_total")
    load = calls(weir.port, seconds, ids=ids)
    loaded = weir.metric("weir_loader_lines_total") - lines
    used = [after - earlier for after, earlier in zip(trial.cpu(), before)]
    began = time.monotonic()
    weir.await_loaded(600)
    seconds = time.monotonic() - began
    total = [after - earlier for after, earlier in zip(trial.cpu(), before)]
    durable = int(weir.metric("weir_journal_lines_total")) - 2 * RUNS
    stored = int(postgres.value("SELECT count(*) FROM tower_call")) - 2 * RUNS
    if stored != durable or not load.requests <= durable <= load.requests + CONNECTIONS:
        raise RuntimeError(f"{load.requests} acknowledged, {durable} durable, {stored} stored")
    expect_tasks(postgres, durable)
    peak = trial.memory()["VmHWM"]
    trial.end()
    return {
        "load": load, "rate": load.rate * TASKS, "loaded": loaded * TASKS / load.seconds, "drain": seconds, "peak": peak / 2**20,
        "serving": used[0] * 1e6 / load.requests, "weir": total[0] * 1e6 / durable / TASKS, "postgres": total[1] * 1e6 / durable / TASKS,
    }


def expect_tasks(postgres, calls):
    """Each task that a call has told is a row, and each end a completion: 33 or 34 new ones of each a call."""
    tasks, ends = (int(postgres.value(f"SELECT count(*) FROM {table}")) for table in ("task", "completion"))
    if abs(ends - calls * TASKS / 3) > calls / 3 + RUNS or tasks < ends:
        raise RuntimeError(f"{calls} calls, {tasks} tasks, {ends} completions")


def run(options, table):
    postgres, nginx = cluster(track_commit_timestamp="on"), Nginx()
    theirs, ours, tower, weblog = [], [], [], []
    for number in range(options.runs):
        used = nginx.cpu()
        load = calls(nginx.port, min(options.seconds, 10), ids=[f"id{number:010d}" for number in range(RUNS)])
        theirs.append((load, (nginx.cpu() - used) * 1e6 / load.requests))
        ours.append(measure(postgres, options.seconds))
        tower.append(drain(postgres, calls, LINES // TASKS, "tower_call"))
        weblog.append(drain(postgres))
        print(f"  {number + 1}: nginx {theirs[-1][0].rate * TASKS:,.0f} records/s, Weir {ours[-1]['rate']:,.0f}/s acknowledged,"
              f" {ours[-1]['loaded']:,.0f}/s loaded; the loader {tower[-1]['rate'] * TASKS:,.0f}/s, of the weblog"
              f" {weblog[-1]['rate']:,.0f} events/s", flush=True)
    nginx.stop()
    postgres.stop("immediate")
    rows(table, options.seconds, theirs, ours, tower, weblog)


def rows(table, seconds, theirs, ours, tower, weblog):
    def all_of(name):
        return [figures[name] for figures in ours]

    loads = all_of("load")
    table.limit(f"Tower's `progress`, {TASKS} tasks a call, durable, {CONNECTIONS} connections, {seconds} s: records acknowledged", all_of("rate"),
                "/s", least=20000)
    table.limit("… loaded meanwhile", all_of("loaded"), "/s")
    table.compare("… calls, beside nginx `return 200`", [x.rate for x in loads], [x.rate for x, _ in theirs], "/s")
    table.add("… p50", spread([x.p50 for x in loads], " ms"), spread([x.p50 for x, _ in theirs], " ms"))
    table.limit("… p99", [x.p99 for x in loads], " ms")
    table.limit("… until all was loaded", all_of("drain"), " s")
    table.add("… CPU of the server, a call", spread(all_of("serving"), " µs"), spread([x for _, x in theirs], " µs"))
    table.limit("… most memory of Weir", all_of("peak"), " MiB")
    table.compare(f"loader: {LINES:,} journaled records of tasks, beside {LINES:,} events of the weblog", [x["rate"] * TASKS for x in tower],
                  [x["rate"] for x in weblog], "/s", least=0.5, budget="≥ 0.5")
    table.add("… CPU of PostgreSQL, a record", spread([x["postgres"] / TASKS for x in tower], " µs"),
              spread([x["postgres"] for x in weblog], " µs"))
    table.add("… CPU of Weir, a record", spread([x["weir"] / TASKS for x in tower], " µs"), spread([x["weir"] for x in weblog], " µs"))
