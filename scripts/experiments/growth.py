"""Measures the cost of reads over 0.1, 1 and 10 million task attempts, and checks that they are still correct."""

import argparse
import base64
import datetime
import json
import math
import pathlib
import statistics
import subprocess
import sys
import time
import urllib.parse

from harness import WEIR, Postgres, Report, Weir, scratch, wait_until

FILL = pathlib.Path(__file__).parent / "fill"
MILLION = 1_000_000
SLICE = 500_000
# Milliseconds that the slowest process metric may take (median).
BUDGETS = {MILLION: 50, 10 * MILLION: 150}
GIB = 2 ** 30
# Up to so many completions percentiles are exact.
EXACT_ROWS = 20_000
EXACT = ["rows", "success", "failed", "avg_requested_cpus", "avg_requested_memory_gb", "avg_pct_cpu", "avg_pct_mem",
         "avg_peak_rss_gb", "avg_read_gb", "avg_write_gb"]
PERCENTILES = ["p95_pct_cpu", "p95_pct_mem", "p95_peak_rss_gb"]
# Answers are rounded to two places.
HALF_A_HUNDREDTH = 0.005 + 1e-9
# As Weir sets its private cluster, but for what makes filling it fast.
SETTINGS = {
    "shared_buffers": "128MB", "work_mem": "8MB", "maintenance_work_mem": "64MB", "effective_cache_size": "512MB",
    "max_wal_size": "4GB", "fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0",
}
# Made again after the rows are in.
INDEXES = ["completion_time", "completion_process", "completion_unsuccessful", "completion_status", "task_open"]


class Store:
    """A database with so many attempts."""

    def __init__(self, cluster, attempts):
        self.cluster, self.attempts = cluster, attempts
        self.name = f"growth_{attempts}"

    @property
    def url(self):
        return f"{self.cluster.url.rsplit('/', 1)[0]}/{self.name}"

    def sql(self, text):
        return self.cluster.sql(text, database=self.name)

    def value(self, text):
        return self.sql(text)[0][0]

    def run(self, file, **variables):
        command = [self.cluster.bin / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.url, "-f", FILL / file]
        for name, value in variables.items():
            command += ["-v", f"{name}={value}"]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

    def fill(self, until):
        """Goes on filling until that moment of the monotonic clock; whether all is there now."""
        if not self.cluster.sql(f"SELECT 1 FROM pg_database WHERE datname = '{self.name}'"):
            self.cluster.sql(f"CREATE DATABASE {self.name}")
            subprocess.run([WEIR, "migrate"], check=True, env={"DATABASE_URL": self.url, "WEIR_DATA_DIR": scratch()},
                           stdin=subprocess.DEVNULL, capture_output=True)
            self.sql("CREATE TABLE growth AS SELECT 0 AS attempts, now() AS moment, ARRAY(SELECT indexdef FROM pg_indexes "
                     f"WHERE indexname = ANY ('{{{','.join(INDEXES)}}}')) AS indexes, false AS rolled")
            self.sql("; ".join(f"DROP INDEX {name}" for name in INDEXES))
        while (first := int(self.value("SELECT attempts FROM growth"))) < self.attempts:
            if time.monotonic() > until:
                return False
            last = min(first + SLICE, self.attempts)
            self.run("attempts.sql", first=first, last=last, total=self.attempts, now=self.moment)
            self.sql(f"UPDATE growth SET attempts = {last}")
            print(f"  {self.name}: {last:,}", flush=True)
        if self.value("SELECT rolled FROM growth") == "f":
            if time.monotonic() > until:
                return False
            self.sql("SET maintenance_work_mem = '1GB'; " + "; ".join(
                row[0].replace("INDEX ", "INDEX IF NOT EXISTS ", 1) for row in self.sql("SELECT unnest(indexes) FROM growth")))
            self.run("rollups.sql")
            self.sql("UPDATE growth SET rolled = true")
            self.sql("VACUUM ANALYZE")
        return True

    @property
    def moment(self):
        return self.value("SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') FROM growth")

    # ------------------------------------------------------------------------------------------------- answers

    def aggregate(self, since, until):
        """Counts, means and percentiles by process and attempt, straight from the completions."""
        def mean(value, unit=1):
            return f"round(avg({value}::numeric) / {unit}, 2)"

        def p95(value, unit=1):
            return f"percentile_cont(0.95) WITHIN GROUP (ORDER BY {value}) / {unit}"

        return {
            (process, int(attempt)): list(map(float, numbers))
            for process, attempt, *numbers in self.sql(f"""
                SET work_mem = '512MB';
                SELECT process, attempt, count(*), count(*) FILTER (WHERE status = 'COMPLETED'),
                    count(*) FILTER (WHERE status IN ('FAILED', 'ABORTED')),
                    {mean("cpus")}, {mean("memory", GIB)}, {mean("pct_cpu")}, {mean("pct_mem")}, {mean("peak_rss", GIB)},
                    {mean("read_bytes", GIB)}, {mean("write_bytes", GIB)},
                    {p95("pct_cpu")}, {p95("pct_mem")}, {p95("peak_rss", GIB)}
                FROM completion
                WHERE has_process AND utc_time >= '{since}' AND utc_time <= '{until}'
                GROUP BY process, attempt
            """)
        }


def questions(store):
    """Targets by a name for the table; the first ones are process metrics, which the budget is about."""
    moment = datetime.datetime.fromisoformat(store.moment.replace("Z", "+00:00"))

    def ago(days):
        return f"since={moment - datetime.timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"

    busy = urllib.parse.quote(store.value(
        "SELECT process FROM completion_rollup WHERE grain = 'year' GROUP BY 1 ORDER BY sum(rows) DESC LIMIT 1"))
    large = store.value("SELECT run_name FROM run WHERE outcome IS NOT NULL ORDER BY (run_name LIKE '%0') DESC, first_utc DESC LIMIT 1")
    windows = {
        "all": "", "since 2020": "since=2020-01-01T00:00:00Z", "7 days": ago(7), "30 days": ago(30.3), "90 days": ago(90.6),
        "7 odd weeks": f"{ago(58.4)}&until={moment - datetime.timedelta(days=9.7):%Y-%m-%dT%H:%M:%SZ}",
        "process": f"process={busy}", "process, 30 days": f"process={busy}&{ago(30.3)}", "run": f"run_name={large}",
    }
    metrics = {}
    for endpoint in ["summary", "retries", "resources-by-attempt", "failures", "failure-signatures", "tasks", "timeline"]:
        for name, window in windows.items():
            metrics[f"{endpoint}: {name}"] = f"/metrics/processes/{endpoint}?{window}"
    metrics |= {
        "running": "/metrics/processes/running",
        "resources-by-attempt: all, 1000 groups": "/metrics/processes/resources-by-attempt?limit=1000&min_samples=1",
        "resources-by-attempt: 7 odd weeks, 1000 groups":
            f"/metrics/processes/resources-by-attempt?limit=1000&min_samples=1&{windows['7 odd weeks']}",
        "tasks: ABORTED": "/metrics/processes/tasks?status=ABORTED",
        "tasks: no such status": "/metrics/processes/tasks?status=NONE",
        "timeline: days": "/metrics/processes/timeline?bucket=day",
    }
    deep = store.sql("SELECT (extract(epoch FROM first_utc) * 1000000)::bigint, run_key FROM run ORDER BY first_utc OFFSET 50 LIMIT 1")[0]
    cursor = base64.urlsafe_b64encode(json.dumps(deep).encode()).decode().rstrip("=")
    lists = {
        "runs": "/api/nextflow/runs", "runs: 500": "/api/nextflow/runs?limit=500",
        "runs: deep": f"/api/nextflow/runs?cursor={cursor}",
        "runs: running": "/api/nextflow/runs?state=running", "runs: failed": "/api/nextflow/runs?state=failed",
        "runs: aborted": "/api/nextflow/runs?state=aborted", "runs: project": "/api/nextflow/runs?project=project-3",
        "runs: user, failed": "/api/nextflow/runs?user=user-3&state=failed", "runs: name": f"/api/nextflow/runs?name={large}",
        "/metrics": "/metrics",
    }
    return metrics, lists


def median(weir, target, times):
    """Milliseconds, and the last answer."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        status, _, body = weir.get(target, timeout=60)
        taken.append(1000 * (time.perf_counter() - began))
        if status != 200:
            raise RuntimeError(f"{target}: {status} {body[:200]}")
    return statistics.median(taken), body


def check_answers(report, store, weir):
    """Counts and means against the completions, percentiles within what the answer promises."""
    end = datetime.datetime.fromisoformat(store.moment.replace("Z", "+00:00"))
    for days in (0.4, 6.3, 47.2, 200.7, 800):
        since, until = (f"{end - datetime.timedelta(days=d):%Y-%m-%dT%H:%M:%SZ}" for d in (days, days / 9))
        answer = json.loads(weir.get(
            f"/metrics/processes/resources-by-attempt?min_samples=1&limit=1000&since={since}&until={until}")[2])
        expected = store.aggregate(since, until)
        total = json.loads(weir.get(f"/metrics/processes/summary?since={since}&until={until}")[2])["cards"]
        wrong, worst = len(expected) - len(answer["rows"]), 0.0
        for row in answer["rows"]:
            counts = expected[row["process"], row["attempt"]]
            wrong += [row[name] for name in EXACT] != counts[:len(EXACT)]
            for name, exact in zip(PERCENTILES, counts[len(EXACT):]):
                off = max(0, abs(row[name] - exact) - HALF_A_HUNDREDTH)
                worst = max(worst, off and (off / exact if exact else math.inf))
        method, promised = answer["percentile_method"], answer["percentile_relative_error"]
        rows = sum(counts[0] for counts in expected.values())
        span = f"{store.attempts:,} attempts, {days - days / 9:.1f} days, {rows:,.0f} completions"
        report.say(window=span, percentiles=method, worst_error=f"{100 * worst:.3f} %")
        report.expect(wrong == 0 and total["process_completed_rows"] == rows, f"{span}: counts and means are exact")
        report.expect(worst <= promised + 1e-9, f"{span}: percentiles are within {100 * promised} %")
        report.expect((method == "exact") == (rows <= EXACT_ROWS), f"{span}: {method} is what the documentation says")


def await_sealed(report, store):
    """Waits until Weir has made the sketches of all days that are over."""
    began = time.monotonic()
    waiting = " UNION ALL ".join(
        f"SELECT r.bucket FROM bucket_rows('{grain}', '-infinity', date_trunc('{grain}', now() - interval '11 minutes', 'UTC')) r "
        f"LEFT JOIN sealed_bucket s ON s.grain = '{grain}' AND s.bucket = r.bucket WHERE s.rows IS DISTINCT FROM r.rows"
        for grain in ("day", "month", "year"))
    wait_until(lambda: store.value(f"SELECT count(*) FROM ({waiting}) w") == "0", 3600, "sealing")
    report.say(attempts=f"{store.attempts:,}", sealed_after=f"{time.monotonic() - began:.0f} s",
               size=store.value("SELECT pg_size_pretty(pg_database_size(current_database()))"),
               sketches=store.value("SELECT pg_size_pretty(pg_total_relation_size('sealed_sketch'))"))


def measure(report, store, times):
    """Medians by name, of a Weir of its own."""
    weir = Weir(scratch(), store.url)
    weir.start(wait=600)
    await_sealed(report, store)
    store.sql("VACUUM ANALYZE")
    metrics, lists = questions(store)
    figures = {}
    for name, target in (metrics | lists).items():
        median(weir, target, 6)  # PostgreSQL plans anew for the first five
        figures[name] = median(weir, target, times)[0]
    budget = BUDGETS.get(store.attempts)
    # Ten times the groups that are shown unless asked for stand apart: they hide no other that becomes slow.
    widest = {name for name in metrics if name.endswith("1000 groups")}
    if budget:
        for kind, names in [("with default limits", metrics.keys() - widest), ("with limit=1000", widest)]:
            slowest = max(names, key=figures.get)
            report.expect(figures[slowest] <= budget, f"{store.attempts:,} attempts {kind}: the slowest, {slowest}, takes "
                          f"{figures[slowest]:.0f} ms of {budget}")
    check_answers(report, store, weir)
    weir.terminate()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="0.1,1", help="millions of attempts, beside each other; 10 takes 15 minutes and 15 GB")
    parser.add_argument("--times", type=int, default=7, help="how often each question is asked")
    parser.add_argument("--keep", type=pathlib.Path, help="a directory for the databases, to use them again")
    parser.add_argument("--fill-for", type=float, default=math.inf, help="fill for so many seconds only; called again, it goes on")
    options = parser.parse_args()
    report = Report("growth")
    cluster = Postgres(SETTINGS, directory=options.keep)
    stores = [Store(cluster, round(float(size) * MILLION)) for size in options.sizes.split(",")]
    end = time.monotonic() + options.fill_for
    if not all(store.fill(end) for store in stores):
        sys.exit(75)
    figures = {store.attempts: measure(report, store, options.times) for store in stores}
    print("\n| milliseconds, median of", options.times, "|", " | ".join(f"{n:,}" for n in figures), "|")
    print("|---|" + "---:|" * len(figures))
    for name in next(iter(figures.values())):
        print(f"| {name} |", " | ".join(f"{column[name]:.1f}" for column in figures.values()), "|")
    report.end()


if __name__ == "__main__":
    main()
