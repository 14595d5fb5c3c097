"""Workers and their metrics: reports, remote-write, pushes, the loader, the export, queries, memory and disk.

Yardsticks run in the same minutes: Debian's Pushgateway and VictoriaMetrics get the same requests, `psql \\copy` the same
rows. Figures of the original are those of the contract (section 3.4). A yardstick that is not installed is left out.
"""

import json
import pathlib
import shutil
import statistics
import subprocess
import time
import urllib.request

from figures import number, spread
from harness import atexit, free_port, memory, scratch, wait_until
from load import wrk
from loader import Copy
from machine import cpu_seconds
from trial import Trial, cluster

SCRIPT = pathlib.Path(__file__).with_name("workers.lua")
# Seconds after a load until memory is measured: servers give back by then what the load alone has needed.
REST = 12
REPORT, WRITE, EXPORT = "/api/metrics/report", "/api/v1/write", "/api/metrics/prometheus"


def load(port, path, seconds, connections, *arguments):
    return wrk(f"http://127.0.0.1:{port}{path}", seconds, *arguments, script=SCRIPT, connections=connections)


def now():
    return int(time.time() * 1000)


class Yardstick:
    """Another server on loopback with an empty directory; None from `make` when it is not installed."""

    @classmethod
    def make(cls, program, *arguments):
        path = shutil.which(program)
        return cls(path, arguments) if path else None

    def __init__(self, path, arguments):
        self.directory, self.port = scratch("weir-yardstick-"), free_port()
        filled = [part.format(port=self.port, directory=self.directory) for part in arguments]
        self.process = subprocess.Popen(
            [path, *filled], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        atexit.register(self.stop)
        wait_until(self._answers, 30, path)

    def _answers(self):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5).status == 200
        except OSError:
            return False

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def bytes(self):
        return sum(path.stat().st_size for path in self.directory.rglob("*") if path.is_file())

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def victoria_metrics():
    return Yardstick.make(
        "victoria-metrics", "-httpListenAddr=127.0.0.1:{port}", "-storageDataPath={directory}", "-retentionPeriod=2y"
    )


def pushgateway():
    return Yardstick.make(
        "prometheus-pushgateway",
        "--web.listen-address=127.0.0.1:{port}",
        "--persistence.file={directory}/pushgateway.data",
    )


def samples(postgres):
    return int(postgres.value("SELECT coalesce(sum(cardinality(value)), 0) FROM sample_block"))


class Measured:
    """A load on Weir, whatever was loaded meanwhile, and what both processes used for a request until all is loaded."""

    def __init__(self, trial, path, seconds, connections, *arguments):
        before = trial.cpu()
        stored = samples(trial.cluster)
        self.load = load(trial.weir.port, path, seconds, connections, *arguments)
        self.loaded = (samples(trial.cluster) - stored) / self.load.seconds
        trial.weir.await_loaded(300)
        self.cpu = [(after - earlier) * 1e6 / self.load.requests for after, earlier in zip(trial.cpu(), before)]
        self.stored = samples(trial.cluster) - stored


def check(acknowledged, stored, in_flight):
    """Requests may be answered after wrk has stopped to count."""
    if not 0 <= stored - acknowledged <= in_flight:
        raise RuntimeError(f"{acknowledged} samples acknowledged, {stored} stored")


def reports(postgres, options):
    trial = Trial(postgres)
    measured = Measured(trial, REPORT, options.seconds, 32, "report", time.time_ns() // 1000 % 1_000_000_000)
    # Weir's own nine, every minute.
    check(8 * measured.load.requests, measured.stored, 8 * 32 + 9 * (2 + options.seconds // 60))
    trial.end()
    return measured


def pushes(postgres, options):
    """(Weir, Pushgateway) of the same requests."""
    trial = Trial(postgres)
    ours = load(trial.weir.port, "/", min(options.seconds, 10), 32, "push")
    trial.end()
    gateway = pushgateway()
    theirs = load(gateway.port, "/", min(options.seconds, 10), 32, "push") if gateway else None
    if gateway:
        gateway.stop()
    return ours, theirs


def writes(postgres, options, seconds, series):
    """(Weir, VictoriaMetrics) of the same remote-write requests."""
    trial = Trial(postgres, env={"WEIR_SERIES_PER_COMPONENT": "1000000"})
    ours = Measured(trial, WRITE, seconds, 16, "write", now(), series)
    check(1000 * ours.load.requests, ours.stored, 16_000 + 9 * (2 + seconds // 60))
    ours.most = trial.memory()["VmRSS"]
    time.sleep(REST)
    ours.memory = trial.memory()["VmRSS"]
    ours.bytes = int(postgres.value("""
        SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('sample_block') WHERE isleaf
    """)) / ours.stored
    trial.stop()
    theirs = victoria_metrics()
    if theirs:
        theirs.load = load(theirs.port, WRITE, seconds, 16, "write", now(), series)
        time.sleep(REST)
        theirs.memory = memory(theirs.process.pid)["VmRSS"]
        theirs.stop()
        theirs.size = theirs.bytes() / (1000 * theirs.load.requests)
    return ours, theirs


class Blocks(Copy):
    """The rows of `sample_block` as a file."""

    TABLES = ("sample_block",)


def drain(postgres):
    """The loader with a journal of requests, beside `\\copy` of the rows that it made."""
    trial = Trial(postgres, env={"WEIR_SERIES_PER_COMPONENT": "1000000"})
    load(trial.weir.port, WRITE, 1, 16, "write", now(), 20_000)
    trial.weir.await_loaded(300)
    first = samples(postgres)
    postgres.stop()
    load(trial.weir.port, WRITE, 5, 16, "write", now(), 20_000)
    before = cpu_seconds(trial.weir.pid)
    postgres.start()
    began = time.monotonic()
    wait_until(lambda: samples(postgres) > first, 60, "the first batch")
    first, began = samples(postgres), time.monotonic()
    trial.weir.await_loaded(300)
    rate = (samples(postgres) - first) / (time.monotonic() - began)
    cpu = (cpu_seconds(trial.weir.pid) - before) * 1e6 / samples(postgres)
    trial.stop()
    copy = Blocks(postgres)
    began = time.monotonic()
    copy.psql("yardstick", f"\\copy sample_block FROM '{copy.files / 'sample_block'}'")
    theirs = int(postgres.sql("SELECT sum(cardinality(value)) FROM sample_block", database="yardstick")[0][0])
    theirs /= time.monotonic() - began
    copy.end()
    return rate, theirs, cpu


def reads(postgres, options):
    """The export, and questions over ten million samples of one component's 500 series."""
    trial = Trial(postgres, env={"WEIR_SERIES_PER_COMPONENT": "1000000"})
    port = trial.weir.port
    load(port, WRITE, 2, 4, "write", now(), 10_000)
    trial.weir.await_loaded(300)
    figures = {"text": load(port, EXPORT, 3, 1, "get"), "gzip": load(port, EXPORT, 3, 1, "get", "gzip")}
    fill(postgres)
    postgres.sql("VACUUM ANALYZE")
    newest = "/api/metrics/query?component_name=filled&limit=1000"
    figures["newest"] = load(port, newest, 3, 1, "get")
    figures["one"] = load(port, f"{newest}&metric_name=filled_7", 3, 1, "get")
    trial.end()
    return figures


STEPS = "metric_name=stepped&step=5m&agg=avg&start_time={start}&end_time={end}"
RANGE = "query=avg_over_time%28stepped%5B5m%5D%29&step=300&start={start}&end={end}"


def steps(postgres):
    """(Weir, VictoriaMetrics) of the means of five minutes over thirty days of one series with a sample every 15 s."""
    trial = Trial(postgres, env={"WEIR_SERIES_PER_COMPONENT": "1000000"})
    end = int(time.time()) // 3600 * 3600 - 7200
    start = end - 30 * 86_400
    lines = []
    for day in range(start, end, 86_400):
        times = range(day * 1000, (day + 86_400) * 1000, 15_000)
        labels = {"__name__": "stepped", "component": "stepped", "component_type": "worker_pool"}
        line = {"metric": labels, "values": [time // 15_000 % 977 * 0.5 for time in times], "timestamps": list(times)}
        lines.append(json.dumps(line))
    body = "\n".join(lines).encode()
    bounds = {"start": start, "end": end - 300}
    fetch(trial.weir.port, "/api/metrics/import?format=jsonl", body)
    trial.weir.await_loaded(300)
    old = "SELECT count(*) FROM rollup_due WHERE hour < now() - interval '2 hours'"
    wait_until(lambda: int(postgres.value(old)) == 0, 600, "the rollups of thirty days")
    path = "/api/metrics/query?" + STEPS.format(**{name: iso(at) for name, at in bounds.items()})
    ours, mine = load(trial.weir.port, path, 3, 1, "get"), fetch(trial.weir.port, path)
    trial.end()
    theirs = victoria_metrics()
    if theirs:
        fetch(theirs.port, "/api/v1/import", body)
        fetch(theirs.port, "/internal/force_flush")
        path = "/api/v1/query_range?" + RANGE.format(**bounds)
        # Its cache of answers would answer the second question.
        theirs.load = load(theirs.port, path + "&nocache=1", 3, 1, "get")
        points = len(json.loads(fetch(theirs.port, path))["data"]["result"][0]["values"])
        theirs.stop()
        if abs(points - len(json.loads(mine)["series"][0]["points"])) > 2:
            raise RuntimeError(f"VictoriaMetrics has {points} points, Weir another number")
    return ours, theirs


def iso(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def fetch(port, path, body=None):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", body, timeout=120) as answer:
        return answer.read()


def fill(postgres):
    """Ten million samples of 500 series over the last two days, a block of 500 a time."""
    postgres.sql("""
        INSERT INTO component (runtime_id, name, component_type, status, reported_status, last_heartbeat, created_at, updated_at)
        VALUES (7, 'filled', 'worker_pool', 'ready', 'ready', now(), now(), now());
        INSERT INTO series (series_key, runtime_id, metric_name, metric_type, labels, described_at)
        SELECT gen_random_uuid(), 7, 'filled_' || n % 50, 'gauge', jsonb_build_object('n', n::text), now()
        FROM generate_series(1, 500) n;
        DO $$ BEGIN
            EXECUTE (SELECT string_agg(format(
                'CREATE TABLE IF NOT EXISTS sample_block_%s PARTITION OF sample_block FOR VALUES FROM (%L) TO (%L)',
                to_char(d, 'YYYYMMDD'), d::text || ' 00:00Z', (d + 1)::text || ' 00:00Z'), ';')
                FROM (SELECT (now() AT TIME ZONE 'UTC')::date - n AS d FROM generate_series(0, 2) n) days);
        END $$;
        INSERT INTO sample_block (received_at, runtime_id, journal_id, metric_id, first_at, last_at, series, value)
        SELECT at, 7, gen_random_uuid(), 500 * row_number() OVER (), at, at,
            (SELECT array_agg(series_id ORDER BY series_id) FROM series WHERE runtime_id = 7),
            (SELECT array_agg(n * 0.5) FROM generate_series(1, 500) n)
        FROM generate_series(now() - 20000 * interval '8.64 seconds', now(), interval '8.64 seconds') at;
    """)


def run(options, table):
    postgres = cluster()
    rounds = range(options.runs)
    report_runs(table, [reports(postgres, options) for _ in rounds])
    push_runs(table, [pushes(postgres, options) for _ in rounds])
    write_runs(table, "remote-write for a while", [writes(postgres, options, 3 * options.seconds, 20_000) for _ in rounds])
    write_runs(table, "a burst of remote-write", [writes(postgres, options, 10, 20_000) for _ in rounds], least=0.5)
    memory_runs(table, [writes(postgres, options, 10, 100_000) for _ in rounds])
    drains = [drain(postgres) for _ in rounds]
    table.compare("loader of samples, beside `\\copy`", [x[0] for x in drains], [x[1] for x in drains], " samples/s",
                  least=0.6, budget="≥ 0.6")
    table.limit("… CPU of Weir, a sample", [x[2] for x in drains], " µs")
    read_runs(table, [reads(postgres, options) for _ in rounds])
    step_runs(table, [steps(postgres) for _ in rounds])
    postgres.stop("immediate")


def report_runs(table, runs):
    rates = [x.load.rate for x in runs]
    table.add("report of 8, 32 connections", spread(rates, "/s"), "692/s (original)",
              f"×{number(statistics.median(rates) / 692)}", "≥ 8,000/s", statistics.median(rates) >= 8000)
    table.limit("… p95", [x.load.p95 for x in runs], " ms")
    table.limit("… loaded meanwhile", [x.loaded / 8 for x in runs], "/s")
    table.limit("… CPU of Weir, until it is loaded", [x.cpu[0] for x in runs], " µs")
    table.limit("… CPU of PostgreSQL", [x.cpu[1] for x in runs], " µs")


def push_runs(table, runs):
    if all(theirs for _, theirs in runs):
        table.compare("PUT of 8 metrics into 500 groups, beside the Pushgateway", [ours.rate for ours, _ in runs],
                      [theirs.rate for _, theirs in runs], "/s")
    else:
        table.limit("PUT of 8 metrics into 500 groups", [ours.rate for ours, _ in runs], "/s")


def write_runs(table, what, runs, least=None):
    ours = [1000 * x.load.rate for x, _ in runs]
    if all(theirs for _, theirs in runs):
        table.compare(f"{what}, beside VictoriaMetrics", ours, [1000 * theirs.load.rate for _, theirs in runs],
                      " samples/s", least=least, budget=f"≥ {least}" if least else "")
    loaded = [x.loaded for x, _ in runs]
    if least is None:
        table.limit("… acknowledged", ours, " samples/s", least=100_000)
        table.limit("… loaded meanwhile", loaded, " samples/s", least=100_000)
        table.limit("… CPU of Weir, a sample", [x.cpu[0] / 1000 for x, _ in runs], " µs")
        table.limit("… CPU of PostgreSQL, a sample", [x.cpu[1] / 1000 for x, _ in runs], " µs")


def memory_runs(table, runs):
    theirs = [x for _, x in runs if x]
    what = f"memory with 100,000 live series, {REST} s after the load"
    table.limit(what, [x.memory / 2**20 for x, _ in runs], " MiB", most=100)
    table.limit("… at the end of the load", [x.most / 2**20 for x, _ in runs], " MiB")
    table.limit("bytes on disk a sample, with indexes", [x.bytes for x, _ in runs], "", most=40)
    if theirs:
        table.add("… VictoriaMetrics: memory", yardstick=spread([x.memory / 2**20 for x in theirs], " MiB"))
        table.add("… VictoriaMetrics: bytes a sample", yardstick=spread([x.size for x in theirs]))


def read_runs(table, runs):
    table.limit("export of 10,000 series, text, p50", [x["text"].p50 for x in runs], " ms", most=20)
    table.limit("export of 10,000 series, gzip, p50", [x["gzip"].p50 for x in runs], " ms", most=20)
    table.limit("newest 1,000 of a component over 10 M samples, p50", [x["newest"].p50 for x in runs], " ms", most=5)
    table.limit("… of one metric of 50, p50", [x["one"].p50 for x in runs], " ms")


def step_runs(table, runs):
    table.limit("step=5m over 30 days of one series, p50", [ours.p50 for ours, _ in runs], " ms", most=20)
    if all(theirs for _, theirs in runs):
        ratios = [ours.p50 / theirs.load.p50 for ours, theirs in runs]
        table.limit("… of VictoriaMetrics", ratios, "×", most=3)
        table.add("… VictoriaMetrics", yardstick=spread([theirs.load.p50 for _, theirs in runs], " ms"))
