"""Tracked runs: single POSTs, PATCHes, batches of 1000, and lists of 100."""

import pathlib
import time

from figures import spread
from load import Nginx, wrk
from trial import Trial, cluster

SCRIPT = pathlib.Path(__file__).with_name("runs.lua")
ROUTE = "/api/v1/runs"


def load(port, path, seconds, connections, *arguments):
    return wrk(f"http://127.0.0.1:{port}{path}", seconds, *arguments, script=SCRIPT, connections=connections)


def seed():
    return f"{time.time_ns() // 1000 % 2**32:08x}"


class Round:
    """All measurements on one empty database."""

    def __init__(self, postgres, nginx, seconds):
        trial = Trial(postgres)
        port, name = trial.weir.port, seed()
        self.nginx = load(nginx.port, ROUTE, min(seconds, 5), 32, "post", seed())
        before = trial.cpu()
        self.post = load(port, ROUTE, seconds, 32, "post", name)
        self.cpu = [(after - earlier) * 1e6 / self.post.requests for after, earlier in zip(trial.cpu(), before)]
        self.patch = load(port, ROUTE, min(2, seconds), 32, "patch", name)
        before = trial.cpu()
        self.batch = load(port, f"{ROUTE}/batch", seconds, 4, "batch", seed(), 1000)
        self.batch_cpu = [(after - earlier) * 1e3 / self.batch.requests for after, earlier in zip(trial.cpu(), before)]
        self.one = load(port, f"{ROUTE}/{name}-0000-4000-8000-000110000010", min(seconds, 5), 32, "get")
        self.list = load(port, f"{ROUTE}?limit=100", min(seconds, 5), 32, "get")
        self.filtered = load(port, f"{ROUTE}?agent_name=agent-7&status=running&limit=50", min(seconds, 5), 32, "get")
        self.rows = int(postgres.value("SELECT count(*) FROM agent_run"))
        # The last requests may be answered after wrk has stopped to count.
        if not 0 <= self.rows - self.post.requests - 1000 * self.batch.requests <= 32 + 4 * 1000:
            raise RuntimeError(f"{self.post.requests} and {self.batch.requests} batches acknowledged, {self.rows} rows")
        trial.end()


def run(options, table):
    postgres, nginx = cluster(), Nginx()
    rounds = []
    for number in range(options.runs):
        rounds.append(Round(postgres, nginx, min(options.seconds, 10)))
        one = rounds[-1]
        print(f"  {number + 1}: POST {one.post.rate:,.0f}/s, batch {one.batch.rate * 1000:,.0f} rows/s,"
              f" list {one.list.rate:,.0f}/s, {one.rows:,} rows", flush=True)
    nginx.stop()
    postgres.stop("immediate")
    table.limit("run POST, durable and stored, 32 connections", [x.post.rate for x in rounds], "/s", least=5000)
    table.limit("… p95", [x.post.p95 for x in rounds], " ms", most=15)
    table.compare("… beside nginx `return 200`", [x.post.rate for x in rounds], [x.nginx.rate for x in rounds], "/s")
    table.limit("… CPU of Weir, a run", [x.cpu[0] for x in rounds], " µs")
    table.limit("… CPU of PostgreSQL, a run", [x.cpu[1] for x in rounds], " µs")
    table.limit("run PATCH, 32 connections", [x.patch.rate for x in rounds], "/s")
    table.limit("run batches of 1000, 4 connections", [x.batch.rate * 1000 for x in rounds], " rows/s", least=60000)
    table.limit("… CPU of Weir, a row", [x.batch_cpu[0] for x in rounds], " µs")
    table.limit("… CPU of PostgreSQL, a row", [x.batch_cpu[1] for x in rounds], " µs")
    table.add("… rows in the end", spread([x.rows for x in rounds]))
    table.limit("GET one run, 32 connections", [x.one.rate for x in rounds], "/s")
    table.limit("list 100 runs, 32 connections", [x.list.rate for x in rounds], "/s", least=1500)
    table.limit("list 50 runs of an agent and status", [x.filtered.rate for x in rounds], "/s")
