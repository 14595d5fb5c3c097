"""Requests without a journal: GET /health, beside nginx answering the same bytes."""

from figures import spread
from harness import Weir, scratch
from load import Nginx, wrk
from machine import cpu_seconds


def run(options, table):
    # Nothing listens on this port: /health asks for no database.
    weir = Weir(scratch("weir-bench-"), "postgresql://weir@127.0.0.1:9/weir", env={"WEIR_LOG_LEVEL": "critical"}).start()
    nginx = Nginx(weir.get("/health")[2].decode())
    seconds = min(options.seconds, 10)
    ours, theirs = [], []
    for number in range(options.runs):
        theirs.append(measure(nginx.port, nginx.process.pid, seconds))
        ours.append(measure(weir.port, weir.pid, seconds))
        print(f"  {number + 1}: nginx {theirs[-1][0].rate:,.0f}/s, Weir {ours[-1][0].rate:,.0f}/s", flush=True)
    weir.terminate()
    nginx.stop()
    table.compare("GET /health, 64 connections", [x.rate for x, _ in ours], [x.rate for x, _ in theirs], "/s")
    table.compare("… CPU of the server, a request", [x for _, x in ours], [x for _, x in theirs], " µs")
    table.add("… p99", spread([x.p99 for x, _ in ours], " ms"), spread([x.p99 for x, _ in theirs], " ms"))


def measure(port, pid, seconds):
    before = cpu_seconds(pid)
    load = wrk(f"http://127.0.0.1:{port}/health", seconds, "get")
    return load, (cpu_seconds(pid) - before) * 1e6 / load.requests
