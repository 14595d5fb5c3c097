"""Alerts: what a thousand rules over a million tasks cost, a burst of a thousand firings, and the time to a webhook.

The yardstick is the same Weir on the same database a minute before, without rules.
"""

import concurrent.futures
import json
import math
import random
import socket
import statistics
import subprocess
import threading
import time
import types

from alert_rules import PARTS, POOLS, thousand
from figures import spread
from growth import Store, await_sealed
from harness import WEIR, Weir, atexit, post, read_response, scratch, wait_until
from load import wrk
from machine import cpu_seconds
from trial import cluster

TASKS = 1_000_000
FIRINGS = 1_000
CHANNELS = 8
# Of Weir's default for WEIR_ALERTS_EVERY.
EVERY = 15
# As a site with a million tasks a month: three events a task.
TRICKLE = 2
# Connections, and milliseconds of rest before each request: about a thousand a second.
CLIENTS, PAUSE = 32, 31
TIMES = 30


class Month(Store):
    """A million attempts of sixty processes, evenly over thirty days."""

    def run(self, file, **variables):
        super().run(file, age="30 - 30 * x", pipelines=10, steps=6, **variables)


class Receiver:
    """Answers every POST with 200 and notes when it came, by its path."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.arrived = {}
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while line := stream.readline():
                length = 0
                while field := stream.readline().strip():
                    name, _, value = field.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                    elif name.lower() == b"expect":
                        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                stream.read(length)
                self.arrived.setdefault(line.split()[1].decode(), []).append(time.monotonic())
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def last(self, prefix):
        return max(times[-1] for path, times in list(self.arrived.items()) if path.startswith(prefix))

    def count(self, prefix):
        return sum(len(times) for path, times in list(self.arrived.items()) if path.startswith(prefix))


class Site:
    """A Weir that serves a month's database, workers that report to it, and workflows that run slowly."""

    def __init__(self, postgres):
        self.store = Month(postgres, TASKS)
        self.store.fill(math.inf)
        self.weir = Weir(scratch("weir-bench-"), self.store.url,
                         env={"WEIR_LOG_LEVEL": "warning", "WEIR_ALERTS_DEFAULT_RULES": "false"}).start(wait=600)
        await_sealed(types.SimpleNamespace(say=lambda **_: None), self.store)
        self.store.sql("VACUUM ANALYZE")
        self.receiver = Receiver()
        for n in range(20):
            self.send("/api/v1/runs", {"event_id": f"run-of-agent-{n}", "run_id": f"r{n}", "agent_name": f"agent-{n}",
                                       "job_type": "nightly", "status": "success", "start_time": iso()})
        self.simulate = subprocess.Popen(
            [WEIR, "simulate", "--rate", str(TRICKLE), "--runs", "1000000", "--tasks", "200", "--senders", "2", "--start", iso(),
             "--url", f"http://127.0.0.1:{self.weir.port}/telemetry"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        atexit.register(self.simulate.kill)
        self.ending = threading.Event()
        self.reporter = threading.Thread(target=self._report, daemon=True)
        self.reporter.start()

    def _report(self):
        names = ["noetl_worker_queue_size", "noetl_system_cpu_usage_percent", "noetl_process_memory_rss_bytes",
                 "noetl_worker_active_tasks"]
        while not self.ending.is_set():
            for n in range(POOLS):
                metrics = [{"metric_name": name, "metric_type": "gauge", "metric_value": n} for name in names]
                self.send("/api/metrics/report",
                          {"component_name": f"pool-{n}", "component_type": "worker_pool", "metrics": metrics})
                self.ending.wait(EVERY / POOLS)

    def send(self, path, body):
        status, _, answer = self.weir.ask("POST", path, json.dumps(body), headers={"Content-Type": "application/json"})
        if status not in (200, 201):
            raise RuntimeError(f"{path}: {status} {answer[:300]}")
        return json.loads(answer or b"null")

    # ------------------------------------------------------------------------------------------------------- rules

    def channel(self, path):
        url = f"http://127.0.0.1:{self.receiver.port}{path}"
        return self.send("/api/v2/notification-channels", {"name": path, "kind": "webhook", "config": {"url": url}})["uuid"]

    def rule(self, name, kind, config, channel, **rest):
        self.send("/api/v2/alert-rules", {"name": name, "trigger_kind": kind, "trigger_config": config, "channel_ids": [channel], **rest})

    def make_rules(self):
        channel = self.channel("/mix")
        for number, (kind, config, rest) in enumerate(thousand()):
            self.rule(f"rule {number}", kind, config, channel, **rest)
        if (count := int(self.store.value("SELECT count(*) FROM alert_rule WHERE enabled"))) != 1000:
            raise RuntimeError(f"{count} rules instead of 1,000")

    def enable(self, kinds=None):
        """Only rules of these kinds, or all; waits until they have been evaluated."""
        which = "true" if kinds is None else f"trigger_kind = ANY ('{{{','.join(kinds)}}}')"
        self.store.sql(f"UPDATE alert_rule SET enabled = {which}; UPDATE alert_revision SET revision = revision + 1")
        self.fires, passes = kinds is None, self.passes()
        wait_until(lambda: self.passes() > passes, 120, "an evaluation")

    def passes(self):
        return self.weir.metric("weir_alert_evaluation_seconds_count")

    def cpu(self):
        return cpu_seconds(self.weir.pid), cpu_seconds(self.store.cluster.pid)

    def rest(self, seconds):
        """Percent of a core that Weir and PostgreSQL take, and how long an evaluation takes in milliseconds."""
        before, began = self.cpu(), time.monotonic()
        passes, took = self.passes(), self.weir.metric("weir_alert_evaluation_seconds_sum")
        time.sleep(seconds - 0.5)
        # From the end of an evaluation to the end of another.
        while self.passes() < passes + seconds // EVERY:
            time.sleep(0.25)
        took, passes = self.weir.metric("weir_alert_evaluation_seconds_sum") - took, self.passes() - passes
        used = [100 * (after - earlier) / (time.monotonic() - began) for after, earlier in zip(self.cpu(), before)]
        return *used, 1000 * took / max(1, passes)

    def end(self):
        self.ending.set()
        self.reporter.join(60)
        self.simulate.kill()
        self.simulate.wait()
        self.weir.terminate()


def iso():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def event(run, name, **rest):
    return json.dumps({"runId": run, "runName": f"name-{run}", "event": name, "utcTime": iso(), **rest}).encode()


def begin(run, success=None):
    """The begin of a run, or its end."""
    workflow = {"userName": "u", "projectName": "burst", "start": iso()}
    if success is not None:
        workflow |= {"success": success, "complete": iso()}
    return event(run, "started" if success is None else "completed", metadata={"parameters": {}, "workflow": workflow})


def failure(run, task, process):
    now = int(time.time() * 1000)
    trace = {"task_id": task, "hash": f"ab/{task:06}", "name": f"{process} (1)", "process": process, "status": "FAILED", "attempt": 1,
             "exit": 137, "error_action": "FINISH", "submit": now - 9000, "start": now - 8000, "complete": now}
    return event(run, "process_completed", trace=trace)


def deliver(port, bodies):
    """Posts bodies, one after the other over a connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection, connection.makefile("rb") as stream:
        for body in bodies:
            connection.sendall(post(body))
            if read_response(stream)[0] != 200:
                raise RuntimeError("an event was refused")


def seed():
    return f"{time.time_ns() // 1000 % 2**32:08x}"


# ------------------------------------------------------------------------------------------------------------- costs


def costs(site, options):
    """Percents of a core: without rules, with all, by turns; then each part alone."""
    seconds = EVERY * math.ceil(3 * options.seconds / EVERY)
    without, with_rules = [], []
    for number in range(options.runs):
        site.enable(["none"])
        without.append(site.rest(seconds))
        site.enable()
        with_rules.append(site.rest(seconds))
        print(f"  {number + 1}: Weir {without[-1][0]:.2f} % and PostgreSQL {without[-1][1]:.2f} % of a core, with 1,000 rules"
              f" {with_rules[-1][0]:.2f} and {with_rules[-1][1]:.2f}, an evaluation {with_rules[-1][2]:.0f} ms", flush=True)
    parts = {}
    for name, kinds in PARTS.items():
        site.enable(kinds)
        parts[name] = site.rest(2 * EVERY)
        print(f"  {name}: {parts[name][0]:.2f} and {parts[name][1]:.2f} %, {parts[name][2]:.0f} ms", flush=True)
    site.enable()
    return without, with_rules, parts


def cost_rows(table, without, with_rules, parts):
    def extra(runs, place=None):
        places = (0, 1) if place is None else (place,)
        return [sum(ours[i] - theirs[i] for i in places) for ours, theirs in zip(runs, without)]

    table.limit("1,000 rules over 1 M tasks, every 15 s: of a core", extra(with_rules), " %", most=2)
    for place, name in enumerate(("Weir", "PostgreSQL")):
        table.add(f"… {name}, beside none", spread([x[place] for x in with_rules], " %"), spread([x[place] for x in without], " %"))
    table.limit("… an evaluation takes", [x[2] for x in with_rules], " ms")
    for name, figures in parts.items():
        usual = [statistics.median(x[i] for x in without) for i in range(2)]
        table.add(f"… {name} alone: Weir + PostgreSQL", f"{figures[0] - usual[0]:.2f} + {figures[1] - usual[1]:.2f} %")


# ------------------------------------------------------------------------------------------------------------- burst


class Burst:
    """Others post steadily; meanwhile a thousand tasks fail, each of another run and process, or none.

    The processes' names are those that the rules of so many channels are about.
    """

    def __init__(self, site, seconds, channels):
        port, name = site.weir.port, seed()
        runs = [f"{name}-{n}" for n in range(20)]
        deliver(port, [begin(run) for run in runs])
        bodies = [failure(runs[n % 20], n + 1, f"BURST_{n % channels}_{n // 20}") for n in range(FIRINGS)] if channels else []
        site.weir.await_loaded()
        stored = int(site.store.value("SELECT count(*) FROM alert_delivery"))
        arrived, before = site.receiver.count("/burst"), site.cpu()
        with concurrent.futures.ThreadPoolExecutor(20) as threads:
            load = threads.submit(steady, port, seconds)
            time.sleep(0.5)
            began, moment = time.monotonic(), time.time()
            for sent in [threads.submit(deliver, port, bodies[n::16]) for n in range(16)]:
                sent.result()
            self.posted = time.monotonic() - began
            self.load = load.result()
        self.first = self.fired = self.delivered = 0
        if site.fires and bodies:
            wait_until(lambda: site.receiver.count("/burst") >= arrived + FIRINGS, 300, "a thousand deliveries")
            self.delivered = site.receiver.last("/burst") - began
            first, last = site.store.sql(f"""
                SELECT extract(epoch FROM min(created_at)) - {moment}, extract(epoch FROM max(created_at)) - {moment}
                FROM alert_delivery WHERE event = 'stage_failed' AND created_at >= to_timestamp({moment})
            """)[0]
            self.first, self.fired = float(first), float(last)
            print(f"    posted within {self.posted:.2f} s, stored from {self.first:.2f} to {self.fired:.2f} s, all arrived after"
                  f" {self.delivered:.1f} s", flush=True)
        site.weir.await_loaded()
        self.cpu = [after - earlier for after, earlier in zip(site.cpu(), before)]


def steady(port, seconds):
    return wrk(f"http://127.0.0.1:{port}/telemetry", seconds, "weblog", time.time_ns() // 1000000, 0, PAUSE, connections=CLIENTS)


def bursts(site, options):
    """By turns: no burst; one that nobody is told of; one for one channel; one for eight."""
    for k in range(CHANNELS):
        site.rule(f"burst {k}", "event", {"events": ["stage_failed"]}, site.channel(f"/burst-{k}"), scope={"process": f"BURST_{k}_*"})
    turns = []
    for number in range(options.runs):
        site.enable(["none"])
        untold = Burst(site, options.seconds, 1)
        site.enable()
        turns.append((Burst(site, options.seconds, 0), untold, Burst(site, options.seconds, 1), Burst(site, options.seconds, CHANNELS)))
        print(f"  {number + 1}: p99 " + ", ".join(f"{x.load.p99:.1f} ms" for x in turns[-1]), flush=True)
    return turns


def burst_rows(table, turns, seconds):
    quiet, untold, one, many = zip(*turns)
    rate = statistics.median(x.load.rate for x in quiet)
    ratios = [ours.load.p99 / theirs.load.p99 for ours, theirs in zip(one, quiet)]
    table.add(f"p99 of {rate:,.0f} events/s, {seconds} s with a burst of 1,000 firings, beside none",
              spread([x.load.p99 for x in one], " ms"), spread([x.load.p99 for x in quiet], " ms"), spread(ratios), "≤ 1.5",
              statistics.median(ratios) <= 1.5)
    table.compare("… beside the same failures without rules", [x.load.p99 for x in one], [x.load.p99 for x in untold], " ms")
    table.compare("… to eight channels, beside none", [x.load.p99 for x in many], [x.load.p99 for x in quiet], " ms")
    table.add("… p50", spread([x.load.p50 for x in one], " ms"), spread([x.load.p50 for x in quiet], " ms"))
    table.limit("… 1,000 failures are posted within", [x.posted for x in one], " s")
    table.limit("… and fire within", [x.fired - x.first for x in one], " s")
    table.limit("… until one channel has all", [x.delivered for x in one], " s")
    table.limit("… until eight channels have all", [x.delivered for x in many], " s")
    for place, name in enumerate(("Weir", "PostgreSQL")):
        extra = [1000 * (ours.cpu[place] - theirs.cpu[place]) for ours, theirs in zip(one, untold)]
        table.limit(f"… CPU of {name} for them, a firing", [x * 1000 / FIRINGS for x in extra], " µs")


# ----------------------------------------------------------------------------------------------------------- latency


def latencies(site):
    """Seconds from the POST of a failure to the webhook, and from that of the success of its run to the end."""
    site.rule("latency", "event", {"events": ["stage_failed"]}, site.channel("/latency"), scope={"process": "LATENCY"},
              send_resolved=True, cooldown_minutes=0)
    site.enable()
    fired, ended = [], []
    for number in range(TIMES):
        run = f"{seed()}-{number}"
        deliver(site.weir.port, [begin(run)])
        time.sleep(random.random())
        for body, times in ((failure(run, 1, "LATENCY"), fired), (begin(run, success=True), ended)):
            count, began = site.receiver.count("/latency"), time.monotonic()
            deliver(site.weir.port, [body])
            wait_until(lambda: site.receiver.count("/latency") > count, 60, "a webhook")
            times.append(site.receiver.last("/latency") - began)
            time.sleep(random.random() / 2)
    return fired, ended


def latency_rows(table, fired, ended):
    for what, times in (("POST of a failed task to the webhook", fired), ("… POST of the success to the end", ended)):
        table.add(f"{what}, {TIMES} times: median", f"{statistics.median(times):.2f} s")
        table.add("… slowest", f"{max(times):.2f} s", budget="≤ 2.00 s", met=max(times) <= 2)


def run(options, table):
    postgres = cluster()
    site = Site(postgres)
    site.make_rules()
    cost_rows(table, *costs(site, options))
    burst_rows(table, bursts(site, options), options.seconds)
    latency_rows(table, *latencies(site))
    site.end()
    postgres.stop("immediate")
