"""Traces: the spans of ended runs exported beside ingest, and what that costs ingest.

The yardstick is the same Weir on the same database in the same minutes, without a collector.
"""

import statistics
import time

from collector import Collector
from figures import spread
from growth import Store
from harness import Weir, memory, scratch, wait_until
from load import wrk
from machine import cpu_seconds
from trial import cluster

# Runs of 500 and 4,000 attempts of three spans: 600,000 spans.
ATTEMPTS = 200_000
# Spans of runs that are due in a second: a little more than what the budget asks for, so that it is not missed by rounding.
DUE = 10_500
# Connections, and milliseconds of rest before each request: a little more than 5,000 events/s.
CLIENTS, PAUSE = 128, 17
WARM = 2


class Site:
    """A database with ended runs that can be queued for export again and again."""

    def __init__(self, postgres):
        self.store = Store(postgres, ATTEMPTS)
        self.store.fill(time.monotonic() + 3600)
        self.store.sql("""
            CREATE TABLE ended AS
            SELECT r.run_id, r.run_name, count(*) * 3 + 1 AS spans
            FROM run r JOIN task t USING (run_key)
            WHERE r.completed_utc IS NOT NULL
            GROUP BY 1, 2
        """)
        self.data = scratch("weir-bench-")
        self.runs, self.spans = map(int, self.store.sql("SELECT count(*), sum(spans) FROM ended")[0])

    def start(self, collector):
        env = {"WEIR_LOG_LEVEL": "warning"}
        if collector:
            env |= {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}
        weir = Weir(self.data, self.store.url, env=env).start(wait=600)
        weir.await_loaded(300)
        if collector:
            wait_until(lambda: self.store.sql("SELECT 1 FROM outbox_consumer WHERE name = 'traces'"), 60, "the exporter")
        return weir

    def queue(self, rate, seconds):
        """Queues runs: all at once, or so many spans of them a second; returns how many spans."""
        if not rate:
            self.store.sql("INSERT INTO trace_export (system, subject, name, due_at) SELECT 'nextflow', run_id, run_name, now() FROM ended")
            return self.spans
        return int(self.store.value(f"""
            WITH line AS (
                SELECT *, sum(spans) OVER (ORDER BY md5(run_name)) AS through FROM ended
            ), queued AS (
                INSERT INTO trace_export (system, subject, name, due_at)
                SELECT 'nextflow', run_id, run_name, now() + (through - spans) * interval '1 second' / {rate}
                FROM line WHERE through - spans < {rate} * {seconds}
                RETURNING subject, name
            )
            SELECT sum(e.spans) FROM queued q JOIN ended e ON (q.subject, q.name) = (e.run_id, e.run_name)
        """))

    def queued(self):
        return int(self.store.value("SELECT count(*) FROM trace_export"))


class Turn:
    """So many seconds of ingest, or of none; runs are exported as they are due, all at once, or not at all."""

    def __init__(self, site, seconds, exports=True, rate=DUE, ingests=True):
        collector = Collector() if exports else None
        weir = site.start(collector)
        if ingests:
            load(weir, WARM)
            weir.await_loaded()
        queued = site.queue(rate, seconds) if exports else 0
        pids = [weir.pid, site.store.cluster.pid]
        began, before = time.monotonic(), [cpu_seconds(pid) for pid in pids]
        first = collector.read() if exports else None
        if ingests:
            self.load = load(weir, seconds)
        else:
            wait_until(lambda: time.monotonic() > began + seconds or not site.queued(), seconds + 1, "the end")
        self.seconds = time.monotonic() - began
        self.cpu = [cpu_seconds(pid) - earlier for pid, earlier in zip(pids, before)]
        self.behind = weir.metric("weir_loader_lag_lines")
        if exports:
            last = collector.read()
            self.sent = {name: last[name] - first[name] for name in last}
            self.collector = collector.cpu()
            self.dropped = dropped(weir)
            self.late = self.finish(site, collector, queued, is_all=bool(rate))
        self.memory = most(weir)
        weir.terminate()
        if exports:
            collector.stop()

    def finish(self, site, collector, queued, is_all):
        """Every span that was queued must have come, once; how long the last ones took."""
        began = time.monotonic()
        if not is_all:
            site.store.sql("DELETE FROM trace_export WHERE held_until IS NULL")
        wait_until(lambda: site.queued() == 0, 120, "the export of what is queued")
        late, final = time.monotonic() - began, collector.read()
        if final["distinct"] != final["runs"] or is_all and final["runs"] != queued:
            raise RuntimeError(f"{queued} spans were queued, {final['runs']} came, {final['distinct']} of them different")
        return late

    def rate(self, *names):
        return sum(self.sent[name] for name in names) / self.seconds


def load(weir, seconds):
    return wrk(f"http://127.0.0.1:{weir.port}/telemetry", seconds, "weblog", time.time_ns() // 1000000, 0, PAUSE, connections=CLIENTS)


def dropped(weir):
    text = weir.get("/metrics")[2].decode()
    return float(text.split('weir_otlp_spans_total{outcome="dropped"} ')[1].split("\n")[0])


def most(weir):
    return memory(weir.pid)["VmHWM"] / 2**20


def run(options, table):
    postgres = cluster()
    site = Site(postgres)
    turns = []
    for number in range(options.runs):
        none = Turn(site, options.seconds, exports=False)
        turns.append((none, Turn(site, options.seconds), Turn(site, options.seconds, rate=None),
                      Turn(site, min(10, options.seconds), rate=None, ingests=False)))
        print(f"  {number + 1}: p99 " + ", ".join(f"{x.load.p99:.1f} ms" for x in turns[-1][:3]) + "; spans/s "
              + ", ".join(f"{x.rate('own', 'runs'):,.0f}" for x in turns[-1][1:]), flush=True)
    rows(table, options.seconds, *zip(*turns))
    postgres.stop("immediate")


def rows(table, seconds, none, due, all_at_once, alone):
    events = statistics.median(x.load.rate for x in due)
    table.limit(f"spans exported beside {events:,.0f} events/s, {seconds} s", [x.rate("own", "runs") for x in due], "/s", least=10_000)
    table.limit("… of them of ended runs", [x.rate("runs") for x in due], "/s")
    table.limit("… until the rest of the runs has come", [x.late for x in due], " s")
    table.limit("… own spans dropped", [100 * x.dropped / (x.dropped + x.sent["own"]) for x in due], " %")
    compare(table, "… p99 of ingest, beside no export", "p99", due, none, " ms", most=1.5)
    compare(table, "… p50", "p50", due, none, " ms")
    table.add("… events/s", spread([x.load.rate for x in due], "/s"), spread([x.load.rate for x in none], "/s"))
    table.add("… lines behind at the end", spread([x.behind for x in due]), spread([x.behind for x in none]))
    for place, name in enumerate(("Weir", "PostgreSQL")):
        extra = [1e6 * (ours.cpu[place] - theirs.cpu[place]) / (ours.sent["own"] + ours.sent["runs"]) for ours, theirs in zip(due, none)]
        table.limit(f"… CPU of {name}, a span", extra, " µs")
    table.limit("… CPU of the collector, a span", [1e6 * x.collector / (x.sent["own"] + x.sent["runs"]) for x in due], " µs")
    table.limit("… spans a request", [(x.sent["own"] + x.sent["runs"]) / x.sent["requests"] for x in due])
    table.limit("… bytes a span", [x.sent["bytes"] / (x.sent["own"] + x.sent["runs"]) for x in due])
    table.add("… most memory of Weir", spread([x.memory for x in due], " MiB"), spread([x.memory for x in none], " MiB"))
    table.limit("all runs due at once, beside the same events: spans", [x.rate("own", "runs") for x in all_at_once], "/s", least=10_000)
    compare(table, "… p99 of ingest, beside no export", "p99", all_at_once, none, " ms", most=1.5)
    table.limit("… without events: spans", [x.rate("runs") for x in alone], "/s")


def compare(table, what, name, ours, theirs, unit, most=None):
    pairs = [(getattr(x.load, name), getattr(y.load, name)) for x, y in zip(ours, theirs)]
    ratios = [x / y for x, y in pairs]
    table.add(what, spread([x for x, _ in pairs], unit), spread([y for _, y in pairs], unit), spread(ratios),
              f"≤ {most}" if most else "", statistics.median(ratios) <= most if most else None)
