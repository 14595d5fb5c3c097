"""Weir draining a journal into PostgreSQL, beside `psql \\copy` of the same rows into the same tables."""

import subprocess
import time

from figures import spread
from harness import scratch
from load import weblog
from machine import cpu_seconds
from trial import Trial, cluster

LINES = 100_000


def drain(postgres, load=weblog, lines=LINES, table="telemetry"):
    """Journals lines while PostgreSQL is away, then lets Weir load them: figures; the rows stay for the yardstick."""
    trial = Trial(postgres)
    postgres.stop()
    load(trial.weir.port, 300, until=lambda: trial.weir.metric("weir_journal_lines_total") >= lines)
    before = cpu_seconds(trial.weir.pid)
    postgres.start()
    trial.weir.await_loaded(300)
    used = cpu_seconds(trial.weir.pid) - before, cpu_seconds(postgres.pid)
    first, lines, seconds = map(float, postgres.sql(f"""
        WITH moment AS (SELECT pg_xact_commit_timestamp(xmin) AS at, count(*) AS rows FROM {table} GROUP BY 1)
        SELECT (array_agg(rows ORDER BY at))[1], sum(rows), extract(epoch FROM max(at) - min(at)) FROM moment
    """)[0])
    trial.stop()
    return {"rate": (lines - first) / seconds, "lines": lines, "weir": used[0] * 1e6 / lines, "postgres": used[1] * 1e6 / lines}


class Copy:
    """The rows of the raw and of the completion table as files, and a database of the same form to copy them into."""

    TABLES = ("telemetry", "completion")

    def __init__(self, postgres):
        self.postgres = postgres
        self.files = scratch("weir-copy-")
        for table in self.TABLES:
            self.psql("weir", f"\\copy (SELECT * FROM {table}) TO '{self.files / table}'")
        dump = [postgres.bin / "pg_dump", "--schema-only", "--no-owner", *self.where("weir"), "-f", self.files / "schema"]
        subprocess.run(dump, check=True, stdin=subprocess.DEVNULL)
        postgres.sql("DROP DATABASE IF EXISTS yardstick WITH (FORCE)", database="postgres")
        postgres.sql("CREATE DATABASE yardstick", database="postgres")
        self.psql("yardstick", f"\\i {self.files / 'schema'}")
        postgres.sql("CHECKPOINT", database="postgres")

    def where(self, database):
        return ["-h", "127.0.0.1", "-p", str(self.postgres.port), "-U", "weir", "-d", database]

    def psql(self, database, *commands):
        program = [self.postgres.bin / "psql", "-Xq", "-v", "ON_ERROR_STOP=1", *self.where(database)]
        for command in commands:
            program += ["-c", command]
        subprocess.run(program, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def measure(self):
        """(events/s, µs of PostgreSQL an event) of copying both files in."""
        time.sleep(0.5)
        before, began = cpu_seconds(self.postgres.pid), time.monotonic()
        self.psql("yardstick", *(f"\\copy {table} FROM '{self.files / table}'" for table in self.TABLES))
        seconds = time.monotonic() - began
        time.sleep(0.5)  # the backend has to be gone, for its time to be its parent's
        used = cpu_seconds(self.postgres.pid) - before
        rows = int(self.postgres.sql("SELECT count(*) FROM telemetry", database="yardstick")[0][0])
        return rows / seconds, used * 1e6 / rows

    def end(self):
        for table in (*self.TABLES, "schema"):
            (self.files / table).unlink()
        self.postgres.sql("DROP DATABASE yardstick WITH (FORCE)", database="postgres")


def run(options, table):
    postgres = cluster(track_commit_timestamp="on")
    ours, theirs = [], []
    for number in range(options.runs):
        ours.append(drain(postgres))
        copy = Copy(postgres)
        theirs.append(copy.measure())
        copy.end()
        print(f"  {number + 1}: {ours[-1]['lines']:,.0f} lines: Weir {ours[-1]['rate']:,.0f} events/s,"
              f" \\copy {theirs[-1][0]:,.0f}/s", flush=True)
    postgres.stop("immediate")
    table.compare(f"loader: {LINES:,} journaled events, beside `\\copy`", [x["rate"] for x in ours],
                  [x[0] for x in theirs], "/s", least=0.8, budget="≥ 0.8")
    table.add("… CPU of PostgreSQL, an event", spread([x["postgres"] for x in ours], " µs"),
              spread([x[1] for x in theirs], " µs"))
    table.limit("… CPU of Weir, an event", [x["weir"] for x in ours], " µs")
