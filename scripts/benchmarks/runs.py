"""Tracked runs: every operation that was measured on the original service, beside the original's figures.

The original's figures are those of the contract (section 4.6): the same machine and bodies, 100,000 rows, one client for
batches and reads. They are not measured again here.
"""

import dataclasses
import pathlib
import statistics
import time

from figures import number, spread
from harness import free_port
from load import Nginx, wrk
from trial import Trial, cluster

SCRIPT = pathlib.Path(__file__).with_name("runs.lua")
ROUTE = "/api/v1/runs"


@dataclasses.dataclass
class Step:
    """An operation: how it is asked for, what the original does of it in a second, and our budgets."""

    what: str
    connections: int
    mode: str
    path: str = ROUTE
    size: int = 1
    original: float = 0
    least: float = None
    p95: float = None
    cpu: str = ""
    seconds: int = 3
    on_profile: bool = False

    @property
    def unit(self):
        return " rows/s" if self.mode == "batch" else "/s"


def steps(seconds):
    """In this order: what is patched has been posted, and lists are asked for when there are many rows."""
    write, read = min(seconds, 10), min(seconds, 5)
    return [
        Step("run POST, one client", 1, "post", original=520),
        Step("run PATCH, one client", 1, "patch", original=528, seconds=2),
        Step("run POST, 8 clients", 8, "post", original=470),
        Step("run PATCH, 8 clients", 8, "patch", original=783, seconds=2),
        Step("run POST, 32 clients", 32, "post", original=454, least=5000, p95=15, cpu="a run", seconds=write),
        Step("batches of 100, one client", 1, "batch", f"{ROUTE}/batch", 100, original=12_200),
        Step("batches of 1000, one client", 1, "batch", f"{ROUTE}/batch", 1000, original=25_900),
        Step("batches of 1000, 4 clients", 4, "batch", f"{ROUTE}/batch", 1000, original=25_900, least=60_000,
             cpu="a row", seconds=write),
        Step("GET one run", 1, "get", f"{ROUTE}/{{one}}", original=979),
        Step("GET one run, 32 clients", 32, "get", f"{ROUTE}/{{one}}", original=979),
        Step("list of 100", 1, "get", f"{ROUTE}?limit=100", original=112),
        Step("list of 100, 32 clients", 32, "get", f"{ROUTE}?limit=100", original=112, least=1500, seconds=read),
        Step("list of 1000", 1, "get", f"{ROUTE}?limit=1000", original=12),
        Step("list of 50, of an agent and status", 1, "get", f"{ROUTE}?agent_name=agent-7&status=running&limit=50",
             original=204),
        Step("list of 10 behind 30,000", 1, "get", f"{ROUTE}?limit=10&offset=30000", original=331),
        Step("counts (`/metrics`)", 1, "get", "/metrics", original=124, on_profile=True),
        Step("metadata, cached", 1, "get", "/api/v1/metadata", original=1604),
        Step("health", 1, "get", "/health", original=2044, on_profile=True),
    ]


class Round:
    """All steps on one empty database."""

    def __init__(self, postgres, nginx, seconds):
        profile = free_port()
        trial = Trial(postgres, env={"WEIR_LISTEN": f"127.0.0.1:0,runs@127.0.0.1:{profile}"})
        self.nginx = self.load(nginx.port, ROUTE, min(seconds, 5), 32, "post", self.seed())
        self.loads, self.cpu = [], []
        name, sent = None, 0
        for step in steps(seconds):
            # What is patched, or read, is what was written last.
            name = self.seed() if step.mode in ("post", "batch") else name
            path = step.path
            if "{one}" in path:
                path = path.format(one=postgres.value("SELECT max(event_id) FROM agent_run"))
            before = trial.cpu()
            load = self.load(profile if step.on_profile else trial.weir.port, path, step.seconds, step.connections,
                             step.mode, name, step.size)
            self.cpu.append([(after - earlier) * 1e6 / load.requests / step.size
                             for after, earlier in zip(trial.cpu(), before)])
            self.loads.append(load)
            if step.mode in ("post", "batch"):
                sent += load.requests * step.size
        self.rows = int(postgres.value("SELECT count(*) FROM agent_run"))
        # The last requests of a load may be answered after wrk has stopped to count.
        if not 0 <= self.rows - sent <= 1 + 8 + 32 + 100 + 5 * 1000:
            raise RuntimeError(f"{sent} runs acknowledged, {self.rows} rows")
        trial.end()

    @staticmethod
    def load(port, path, seconds, connections, *arguments):
        return wrk(f"http://127.0.0.1:{port}{path}", seconds, *arguments, script=SCRIPT, connections=connections)

    @staticmethod
    def seed():
        return f"{time.time_ns() // 1000 % 2**32:08x}"


def run(options, table):
    postgres, nginx = cluster(), Nginx()
    rounds = []
    for index in range(options.runs):
        rounds.append(Round(postgres, nginx, options.seconds))
        print(f"  {index + 1}: {rounds[-1].rows:,} rows", flush=True)
    nginx.stop()
    postgres.stop("immediate")
    table.add("all of these: rows in the end", spread([x.rows for x in rounds]))
    for place, step in enumerate(steps(options.seconds)):
        report(step, [x.loads[place] for x in rounds], [x.cpu[place] for x in rounds], table)
    posts = next(i for i, step in enumerate(steps(options.seconds)) if step.p95)
    table.compare("run POST, 32 clients, beside nginx `return 200`", [x.loads[posts].rate for x in rounds],
                  [x.nginx.rate for x in rounds], "/s")


def report(step, loads, cpu, table):
    rates = [load.rate * step.size for load in loads]
    middle = statistics.median(rates)
    table.add(
        step.what,
        spread(rates, step.unit),
        f"{number(step.original)}{step.unit} (original)",
        f"×{number(middle / step.original)}",
        f"≥ {number(step.least)}{step.unit}" if step.least else "",
        middle >= step.least if step.least else None,
    )
    if step.p95:
        table.limit("… p95", [load.p95 for load in loads], " ms", most=step.p95)
    if step.cpu:
        table.limit(f"… CPU of Weir, {step.cpu}", [x[0] for x in cpu], " µs")
        table.limit(f"… CPU of PostgreSQL, {step.cpu}", [x[1] for x in cpu], " µs")
