"""Durable weblog events over 64 connections, beside nginx answering 200 to the same bodies."""

import time

from figures import spread
from harness import scratch
from load import Nginx, weblog
from machine import fdatasync_microseconds
from trial import Trial, cluster


def measure(postgres, seconds):
    """One run on an empty database: a flat dictionary of figures."""
    trial = Trial(postgres)
    weir = trial.weir
    before = trial.cpu()
    load = weblog(weir.port, seconds)
    lag = weir.metric("weir_loader_lag_lines")
    loaded = weir.metric("weir_loader_lines_total")
    used = [after - earlier for after, earlier in zip(trial.cpu(), before)]
    peak = trial.memory()["VmHWM"]
    began = time.monotonic()
    weir.await_loaded(600)
    drain = time.monotonic() - began
    total = [after - earlier for after, earlier in zip(trial.cpu(), before)]
    durable = int(weir.metric("weir_journal_lines_total"))
    batch = durable / max(1, weir.metric("weir_journal_fsync_seconds_count"))
    stored = int(postgres.value("SELECT count(*) FROM telemetry"))
    if stored != durable or not load.requests <= durable <= load.requests + 64:
        raise RuntimeError(f"{load.requests} acknowledged, {durable} durable, {stored} stored")
    trial.end()
    return {
        "load": load, "loaded": loaded / load.seconds, "lag": lag, "late": lag / load.rate, "drain": drain, "peak": peak / 2**20,
        "batch": batch, "serving": used[0] * 1e6 / load.requests, "wrk": load.cpu * 1e6 / load.requests,
        "weir": total[0] * 1e6 / durable, "postgres": total[1] * 1e6 / durable,
    }


def run(options, table):
    postgres, nginx = cluster(), Nginx()
    disk = scratch("weir-disk-")
    theirs, ours, probes = [], [], []
    for number in range(options.runs):
        probes.append(fdatasync_microseconds(disk))
        used = nginx.cpu()
        load = weblog(nginx.port, min(options.seconds, 10))
        theirs.append((load, (nginx.cpu() - used) * 1e6 / load.requests))
        ours.append(measure(postgres, options.seconds))
        print(f"  {number + 1}: nginx {load.rate:,.0f}/s, Weir {ours[-1]['load'].rate:,.0f}/s acknowledged,"
              f" {ours[-1]['loaded']:,.0f}/s loaded, {ours[-1]['lag']:,.0f} lines behind", flush=True)
    nginx.stop()
    postgres.stop("immediate")
    rows(table, options.seconds, theirs, ours, probes)


def rows(table, seconds, theirs, ours, probes):
    def all_of(name):
        return [figures[name] for figures in ours]

    loads = all_of("load")
    table.limit(f"weblog POST, durable, 64 connections, {seconds} s: acknowledged", [x.rate for x in loads], "/s", least=20000)
    table.limit("… loaded meanwhile", all_of("loaded"), "/s", least=20000)
    table.compare("… acknowledged, beside nginx `return 200`", [x.rate for x in loads], [x.rate for x, _ in theirs], "/s",
                  least=0.2, budget="≥ 0.2, then 0.3")
    table.add("… p50", spread([x.p50 for x in loads], " ms"), spread([x.p50 for x, _ in theirs], " ms"))
    table.limit("… p99", [x.p99 for x in loads], " ms", most=20)
    table.limit("… slowest", [x.max for x in loads], " ms")
    table.limit("… behind at the end", all_of("late"), " s", most=1)
    table.limit("… lines behind at the end", all_of("lag"))
    table.limit("… until all was loaded", all_of("drain"), " s")
    table.add("… CPU of the server, a request", spread(all_of("serving"), " µs"), spread([x for _, x in theirs], " µs"))
    table.limit("… CPU of Weir until it is loaded, an event", all_of("weir"), " µs")
    table.limit("… CPU of PostgreSQL, an event", all_of("postgres"), " µs")
    table.add("… CPU of wrk, a request", spread(all_of("wrk"), " µs"),
              spread([x.cpu * 1e6 / x.requests for x, _ in theirs], " µs"))
    table.limit("… lines to one fdatasync", all_of("batch"))
    table.limit("… most memory of Weir", all_of("peak"), " MiB", most=64)
    table.add("… fdatasync of 64 KB over a written file", yardstick=spread(probes, " µs"))
