"""Resident memory of Weir alone: idle, with idle connections, under steady load, and at its peak."""

import resource
import socket
import statistics
import subprocess
import time

import weblog
from harness import WEIR, memory, read_response
from load import weblog as send
from trial import Trial, cluster

CONNECTIONS = 10_000
RATE = 2000
MIB = 2**20


def run(options, table):
    postgres = cluster()
    # Weir inherits it, and this program holds as many sockets.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * CONNECTIONS), hard))
    idle(table, postgres)
    steady(table, postgres, options.minutes)
    peaks(table, postgres, options.seconds)
    postgres.stop("immediate")


def show(table, what, status, most=None):
    table.limit(f"{what}: resident", [status["VmRSS"] / MIB], " MiB", most=most)
    table.limit("… of it shared with nobody (RssAnon)", [status["RssAnon"] / MIB], " MiB")
    print(f"  {what}: {status['VmRSS'] / MIB:.1f} MiB, RssAnon {status['RssAnon'] / MIB:.1f} MiB", flush=True)


def idle(table, postgres):
    trial = Trial(postgres, {"WEIR_MAX_CONNECTIONS": str(CONNECTIONS + 100)})
    time.sleep(10)
    show(table, "memory, idle for 10 s", trial.memory(), most=20)
    sockets = []
    for _ in range(CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", trial.weir.port))
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: t\r\n\r\n")
        with connection.makefile("rb") as stream:
            if read_response(stream)[0] != 200:
                raise RuntimeError("a connection was not served")
        sockets.append(connection)
    open_now = trial.weir.metric("weir_http_open_connections")
    show(table, f"memory, {open_now - 1:,.0f} idle connections", trial.memory())
    for connection in sockets:
        connection.close()
    trial.end()


def steady(table, postgres, minutes):
    trial = Trial(postgres)
    weir = trial.weir
    # Runs wait for their answers: with few of them, a slow disk would set the rate. It is ended, not waited for.
    simulate = [WEIR, "simulate", "--rate", str(RATE), "--runs", "1000000", "--tasks", "1000", "--senders", "64",
                "--url", f"http://127.0.0.1:{weir.port}/telemetry"]
    sender = subprocess.Popen(simulate, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    began, samples = time.monotonic(), []
    try:
        while (now := time.monotonic() - began) < minutes * 60:
            samples.append((now / 60, memory(weir.pid)))
            time.sleep(1)
            if sender.poll() is not None:
                raise RuntimeError(f"weir simulate ended with {sender.returncode}")
        events = weir.metric("weir_journal_lines_total")
    finally:
        sender.kill()
        sender.wait()
    show(table, f"memory, {events / now:,.0f} events/s for {minutes:g} minutes, at the end", samples[-1][1], most=64)
    tenths = [samples[(len(samples) - 1) * i // 10][1]["RssAnon"] / MIB for i in range(11)]
    # A slope alone does not tell a step from a leak.
    table.add("… RssAnon at each tenth of the time, MiB", " ".join(f"{x:.1f}" for x in tenths))
    settled = samples[len(samples) // 3:]
    for name, what in (("VmRSS", "resident"), ("RssAnon", "RssAnon")):
        slope = statistics.linear_regression([x for x, _ in settled], [y[name] / 1024 for _, y in settled]).slope
        # A sawtooth of batches leaves some slope in any window; a leak of one byte an event is 117 KiB a minute.
        table.add(f"… slope of {what}, after a third of the time", f"{slope:+,.0f} KiB/min",
                  budget="flat: ≤ 100 KiB/min", met=slope <= 100)
        print(f"  slope of {what}: {slope:+,.0f} KiB/min", flush=True)
    trial.end()


def peaks(table, postgres, seconds):
    figures = weblog.measure(postgres, seconds)
    table.limit(f"memory, most in {seconds} s of weblog at {figures['load'].rate:,.0f}/s", [figures["peak"]], " MiB", most=64)
    trial = Trial(postgres)
    load = send(trial.weir.port, min(seconds, 5), padding=64 * 1024 - 900)
    peak = trial.memory()["VmHWM"] / MIB
    table.limit(f"memory, most with bodies of 64 KiB at {load.rate:,.0f}/s", [peak], " MiB", most=64)
    print(f"  most under weblog load: {figures['peak']:.1f} MiB, with bodies of 64 KiB {peak:.1f} MiB", flush=True)
    trial.end()
