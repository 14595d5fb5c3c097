"""One, two and three Weirs behind a round-robin give the same totals; one killed under load loses nothing."""

import argparse
import collections
import http.client
import http.server
import json
import random
import shutil
import subprocess
import threading
import time

from balancer import Group
from harness import WEIR, Postgres, Report, Senders, expect_exactly_once, free_port, scratch

ENDPOINTS = [
    "summary", "retries", "resources-by-attempt", "failures", "failure-signatures", "running", "tasks", "timeline",
]
# When an event arrived, in which order it was loaded, and when somebody asked, is no business of totals.
ARRIVAL = {"received_at", "first_received_at", "last_received_at", "next_cursor", "telemetry_id", "generated_at_utc"}
TABLES = {
    "run": "to_jsonb(t) - 'first_received_at' - 'last_received_at'",
    "run_segment": "to_jsonb(t)",
    "task": "to_jsonb(t)",
    "completion": "to_jsonb(t) - 'telemetry_id'",
    "completion_rollup": "to_jsonb(t)",
    "run_process": "to_jsonb(t)",
    "run_rollup": "to_jsonb(t)",
    "event_rollup": "to_jsonb(t)",
    "telemetry": "to_jsonb(t) - 'id' - 'received_at' - 'journal_id' - 'seq'",
    "dead_letter": "to_jsonb(t)",
}


def record(runs, tasks):
    """What `weir simulate` sends: runs with failures, retries and resumed ones. Nobody keeps it but we."""
    bodies, lock = [], threading.Lock()

    class Recorder(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                bodies.append(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    subprocess.run(
        [WEIR, "simulate", "--runs", str(runs), "--tasks", str(tasks), "--failures", "0.1",
         "--url", f"http://127.0.0.1:{server.server_port}/telemetry"],
        check=True, capture_output=True,
    )
    server.shutdown()
    return bodies


def send(port, bodies, senders=8):
    """Posts everything over some connections; the statuses that came back."""
    statuses = collections.Counter()

    def work(share):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for body in share:
            connection.request("POST", "/telemetry", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            statuses[answer.status] += 1
        connection.close()

    threads = [threading.Thread(target=work, args=(bodies[i::senders],)) for i in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def without_arrival(value):
    if isinstance(value, dict):
        return {name: without_arrival(each) for name, each in value.items() if name not in ARRIVAL}
    return [without_arrival(each) for each in value] if isinstance(value, list) else value


def answers(weir):
    """Everything that a GET shows, by path."""
    found = {}

    def ask(path):
        status, headers, body = weir.get(path)
        found[path] = (status, headers["Weir-Lag-Lines"], without_arrival(json.loads(body)))
        return found[path][2]

    runs = ask("/api/nextflow/runs?limit=500")["runs"]
    for name in ENDPOINTS:
        for query in ["limit=200", f"limit=200&run_name={runs[0]['run_name']}", "limit=200&since=2026-01-01T00:00:00Z"]:
            minimum = "" if name in ("tasks", "running", "timeline") else "min_samples=1&"
            query = query if name not in ("running", "timeline") else query.replace("limit=200", "").lstrip("&")
            ask(f"/metrics/processes/{name}?{minimum}{query}")
    ask("/metrics/processes/failure-signatures?group_by=error_action&limit=200")
    for run in runs:
        path = f"/api/nextflow/runs/{run['run_id']}/{run['run_name']}"
        ask(path)
        ask(path + "/tasks?limit=500")
    return found


def difference(one, other, path=""):
    """The first place where two answers are not the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = ((f"{path}.{name}", one.get(name), other.get(name)) for name in {**one, **other})
    elif isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)) and len(one) == len(other):
        pairs = ((f"{path}[{index}]", *pair) for index, pair in enumerate(zip(one, other)))
    else:
        return f"{path}: {str(one)[:200]} and {str(other)[:200]}"
    return next((difference(left, right, where) for where, left, right in pairs if left != right), "none")


def tables(database):
    return {
        table: collections.Counter(row[0] for row in postgres_rows(database, f"SELECT {row} FROM {table} t"))
        for table, row in TABLES.items()
    }


def postgres_rows(database, text):
    cluster, name = database
    return cluster.sql(text, database=name)


def run_once(cluster, bodies, count, keepalive, seed):
    """A fresh database, so many Weirs, all events in an order of their own; what is there afterwards."""
    name = f"weir_{count}_{int(keepalive)}_{seed}"
    cluster.run("createdb", "-h", "127.0.0.1", "-p", cluster.port, "-U", "weir", name)
    url = f"postgresql://weir@127.0.0.1:{cluster.port}/{name}"
    order = bodies + bodies[::20]  # a twentieth comes twice
    random.Random(seed).shuffle(order)
    with Group(count, url, keepalive) as group:
        statuses = send(group.port, order)
        group.await_loaded()
        lines = [int(weir.metric("weir_journal_lines_total")) for weir in group.weirs]
        found = [answers(weir) for weir in group.weirs]
    return statuses, lines, found, tables((cluster, name))


def same_totals(report, cluster, bodies):
    reference = None
    for count, keepalive in [(1, True), (2, True), (2, False), (3, True), (3, False)]:
        statuses, lines, found, rows = run_once(cluster, bodies, count, keepalive, seed=100 * count + keepalive)
        report.say(weirs=count, keepalive=keepalive, statuses=dict(statuses), lines=lines)
        report.expect(set(statuses) == {200}, f"{count} Weirs: every event is acknowledged")
        report.expect(min(lines) > sum(lines) / count / 2, f"{count} Weirs: each has taken its share")
        report.expect(all(answer[:2] == (200, None) for each in found for answer in each.values()), "every GET is 200")
        if reference is None:
            reference = (found[0], rows)
            report.say(answers=len(found[0]), rows={table: sum(each.values()) for table, each in rows.items()})
            continue
        for number, each in enumerate(found):
            different = [path for path in reference[0] if each.get(path) != reference[0][path]]
            report.expect(not different and each.keys() == reference[0].keys(), f"{count} Weirs: Weir {number} answers as one alone")
            for path in different[:3]:
                print(f"    {path}\n      {difference(reference[0][path], each[path])}")
        for table, each in rows.items():
            if not report.expect(each == reference[1][table], f"{count} Weirs: same rows in {table}"):
                for side in (reference[1][table] - each, each - reference[1][table]):
                    print("    ", str(list(side.items())[:1])[:400])


def killed_under_load(report, cluster, seconds, rate):
    cluster.run("createdb", "-h", "127.0.0.1", "-p", cluster.port, "-U", "weir", "weir_killed")
    url = f"postgresql://weir@127.0.0.1:{cluster.port}/weir_killed"
    with Group(3, url) as group:
        senders = Senders(group.port, count=16, rate=rate)
        victim = group.weirs[1]
        for _ in range(2):
            time.sleep(seconds / 4)
            victim.kill9()
            at_death = len(senders.acknowledged)
            time.sleep(seconds / 4)
            meanwhile = len(senders.acknowledged) - at_death
            victim.start()
        time.sleep(1)
        senders.stop()
        group.await_loaded()
        refused = collections.Counter(status for _, status in senders.refused)
        report.say(acknowledged_while_one_was_dead=meanwhile, refused=dict(refused), unanswered=len(senders.unanswered))
        report.expect(meanwhile > rate * seconds / 4 / 2, "the other two take the load")
        expect_exactly_once(report, Database(cluster, "weir_killed"), senders.tasks)


class Database:
    """A database of a cluster, as the checks of the harness want it."""

    def __init__(self, cluster, name):
        self.cluster, self.name = cluster, name

    def sql(self, text):
        return self.cluster.sql(text, database=self.name)

    def value(self, text):
        return self.sql(text)[0][0]


WRK = """
local thread = 0
function setup(t) t:set("id", thread); thread = thread + 1 end
function init(_) count = 0; wrk.headers["Content-Type"] = "application/json" end
function request()
    count = count + 1
    local task = id .. "-" .. count
    return wrk.format("POST", "/telemetry", nil, '{"runId":"r' .. id .. '","runName":"load","event":"process_completed",' ..
        '"utcTime":"2026-11-20T22:00:00Z","trace":{"task_id":"' .. task .. '","process":"P","status":"COMPLETED",' ..
        '"exit":0,"attempt":1}}')
end
function done(summary, latency)
    local e = summary.errors
    io.write(string.format("\\nRESULT %d %d %d %d\\n", summary.requests, summary.duration,
        latency:percentile(99), e.connect + e.read + e.write + e.timeout + e.status))
end
"""


def throughput(report, cluster, seconds):
    script = scratch() / "post.lua"
    script.write_text(WRK)
    for count in (1, 2, 3):
        name = f"weir_fast_{count}"
        cluster.run("createdb", "-h", "127.0.0.1", "-p", cluster.port, "-U", "weir", name)
        with Group(count, f"postgresql://weir@127.0.0.1:{cluster.port}/{name}") as group:
            result = subprocess.run(
                ["wrk", "-t2", "-c64", f"-d{seconds}s", "-s", script, f"http://127.0.0.1:{group.port}"],
                check=True, capture_output=True, text=True,
            )
            began = time.monotonic()
            group.await_loaded(300)
            drained = time.monotonic() - began
            requests, micros, p99, errors = map(int, result.stdout.split("RESULT ")[1].split())
            report.say(weirs=count, acknowledged_per_second=round(requests / micros * 1e6), p99_ms=p99 / 1000, errors=errors,
                       loaded_per_second=round(requests / (micros / 1e6 + drained)), seconds_to_drain=round(drained, 1))
        cluster.run("dropdb", "-h", "127.0.0.1", "-p", cluster.port, "-U", "weir", "--force", name)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=10)
    arguments.add_argument("--tasks", type=int, default=40)
    arguments.add_argument("--seconds", type=int, default=8, help="of load while a Weir is killed, and of each throughput")
    arguments.add_argument("--rate", type=int, default=1000, help="events a second while a Weir is killed")
    arguments.add_argument("--only", choices=["totals", "killed", "throughput"])
    options = arguments.parse_args()
    report = Report("several Weirs on one database")
    cluster = Postgres({"max_connections": "120"})
    if options.only in (None, "totals"):
        bodies = record(options.runs, options.tasks)
        report.say(events=len(bodies), runs=len({json.loads(body)["runName"] for body in bodies}))
        same_totals(report, cluster, bodies)
    if options.only in (None, "killed"):
        killed_under_load(report, cluster, options.seconds, options.rate)
    if options.only in (None, "throughput"):
        if shutil.which("wrk"):
            throughput(report, cluster, options.seconds)
        else:
            report.say(throughput="not measured: wrk is not installed")
    report.end()


if __name__ == "__main__":
    main()
