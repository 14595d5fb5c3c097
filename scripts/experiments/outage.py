"""Takes PostgreSQL away in several ways under a steady load: every event is acknowledged, and stored once afterwards."""

import argparse
import os
import shutil
import signal
import socket
import struct
import subprocess
import time

from harness import Postgres, Report, Senders, Weir, expect_exactly_once, free_port, memory, scratch, wait_until
from tower import TowerRun, TowerRuns, expect_runs

ANSWERS = "/metrics/processes/summary"
OF_WEIR = "FROM pg_stat_activity WHERE application_name LIKE 'weir%'"


def main(trials, title, description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rate", type=float, default=1500, help="events/s")
    parser.add_argument("--minutes", type=float, default=1, help="of the long outage")
    parser.add_argument("--seconds", type=float, default=6, help="of the short ones")
    parser.add_argument("--only", action="append", choices=[trial.__name__ for trial in trials], help="these and no others")
    options = parser.parse_args()
    report = Report(title)
    for trial in trials:
        if not options.only or trial.__name__ in options.only:
            print(f"  -- {trial.__name__}: {trial.__doc__}", flush=True)
            trial(report, options)
    report.end()


class Trial:
    """A PostgreSQL, a Weir, a steady load, and somebody who keeps reading."""

    def __init__(self, report, options, settings=None, directory=None, env=None):
        self.report, self.rate = report, options.rate
        self.home = scratch("weir-outage-")
        self.postgres = Postgres({"max_wal_size": "256MB", **(settings or {})}, directory=directory)
        self.weir = Weir(self.home / "data", self.postgres.url, env={"WEIR_JOURNAL_RESERVE": "1MiB", **(env or {})})
        self.senders = None

    def load(self, wait=1.0):
        self.senders = Senders(self.weir.port, 16, rate=self.rate)
        time.sleep(wait)

    def read(self, path=ANSWERS):
        """(status, Retry-After, Weir-Lag-Lines, seconds) of a GET."""
        began = time.monotonic()
        status, fields, _ = self.weir.get(path, timeout=60)
        return status, fields.get("Retry-After"), fields.get("Weir-Lag-Lines"), time.monotonic() - began

    def expect_503(self, path=ANSWERS):
        reads = [self.read(path) for _ in range(5)]
        slowest = max(read[3] for read in reads)
        statuses = sorted({read[0] for read in reads})
        self.report.say(reads=statuses, retry_after=reads[0][1], slowest_read=f"{slowest * 1000:.0f} ms", ready=self.read("/ready")[0])
        self.report.expect(statuses == [503] and all(read[1] for read in reads), "reads say 503 with Retry-After")
        self.report.expect(self.read("/ready")[0] == 503 and self.read("/health")[0] == 200, "/ready is 503, /health is 200")

    def expect_stale_answers(self, what):
        reads = [self.read() for _ in range(5)]
        self.report.say(reads=sorted({read[0] for read in reads}), lag_lines=reads[-1][2])
        self.report.expect(all(read[0] == 200 and read[2] for read in reads), f"{what}: reads work and tell Weir-Lag-Lines")
        self.report.expect(self.read("/ready")[0] == 503, "/ready is 503")

    def end(self):
        """Everything has to be there now."""
        self.senders.stop()
        sent, report = self.senders, self.report
        self.weir.await_loaded(300)
        wait_until(lambda: self.read("/ready")[0] == 200, 30, "/ready")
        report.say(refused=len(sent.refused), unanswered=len(sent.unanswered), slowest_post=f"{sent.slowest * 1000:.0f} ms")
        report.expect(not sent.refused and not sent.unanswered, "every event was acknowledged")
        report.expect(sent.slowest < 2, "no event waited for two seconds")
        report.expect(self.weir.metric("weir_loader_dead_letters_total") == 0, "nothing became a dead letter")
        report.expect(self.read()[0] == 200, "reads work again")
        expect_exactly_once(report, self.postgres, sent.tasks)
        report.expect(self.weir.terminate() == 0, "it stops cleanly")
        self.postgres.stop()
        shutil.rmtree(self.postgres.directory, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)


# ------------------------------------------------------------------------------------------------- away


def stopped(report, options):
    """stopped and started again"""
    trial = Trial(report, options)
    trial.weir.start()
    trial.load()
    trial.postgres.stop()
    time.sleep(options.seconds)
    trial.expect_503()
    trial.postgres.start()
    time.sleep(2)
    trial.end()


def long(report, options):
    """away for minutes: flat memory, and a drain that is faster than what arrives"""
    trial = Trial(report, options)
    trial.weir.start()
    trial.load(wait=5)
    trial.postgres.stop()
    samples, end = [], time.monotonic() + options.minutes * 60
    while time.monotonic() < end:
        samples.append((time.monotonic(), memory(trial.weir.pid)["RssAnon"] / 2**20))
        time.sleep(1)
    trial.expect_503()
    # The first quarter fills the window of recent lines and the pools of the allocator.
    steady = samples[len(samples) // 4 :]
    report.say(
        minutes=options.minutes, memory_first=f"{samples[0][1]:.1f} MiB", memory_last=f"{samples[-1][1]:.1f} MiB",
        most=f"{max(value for _, value in samples):.1f} MiB", slope=f"{slope(steady) * 60:+.2f} MiB/min",
    )  # fmt: skip
    growth = slope(steady) * (steady[-1][0] - steady[0][0])
    report.expect(growth < 4, f"memory is flat: {growth:+.1f} MiB in the last three quarters")
    drain(report, trial)
    trial.end()


def drain(report, trial):
    """Loads what has waited while events go on arriving."""
    waiting = trial.weir.metric("weir_loader_lag_lines")
    trial.postgres.start()
    wait_until(lambda: trial.weir.metric("weir_loader_lag_lines") < waiting, 60, "the drain's beginning")
    began, loaded = time.monotonic(), trial.weir.metric("weir_loader_lines_total")
    taken = len(trial.senders.acknowledged)
    wait_until(lambda: trial.weir.metric("weir_loader_lag_lines") < trial.rate, 1800, "the drain")
    seconds = time.monotonic() - began
    loading = (trial.weir.metric("weir_loader_lines_total") - loaded) / seconds
    arriving = (len(trial.senders.acknowledged) - taken) / seconds
    report.say(waiting=int(waiting), drained_in=f"{seconds:.1f} s", loaded=f"{loading:.0f}/s", arriving=f"{arriving:.0f}/s")
    report.expect(loading > arriving, "the drain is faster than what arrives")
    report.say(memory_after=f"{memory(trial.weir.pid)['RssAnon'] / 2**20:.1f} MiB")


def slope(samples):
    """Least squares, per second."""
    count = len(samples)
    middle_x, middle_y = sum(x for x, _ in samples) / count, sum(y for _, y in samples) / count
    spread = sum((x - middle_x) ** 2 for x, _ in samples)
    return sum((x - middle_x) * (y - middle_y) for x, y in samples) / spread if spread else 0.0


def at_start(report, options):
    """away when Weir starts"""
    trial = Trial(report, options)
    trial.postgres.stop()
    began = time.monotonic()
    trial.weir.start()
    report.say(started_in=f"{time.monotonic() - began:.1f} s")
    trial.load(wait=options.seconds)
    trial.expect_503()
    trial.postgres.start()
    wait_until(lambda: trial.read("/ready")[0] == 200, 60, "/ready")
    trial.end()


def tower(report, options):
    """away for whole runs of Nextflow's Tower client, while Weir is stopped, killed and started again"""
    trial = Trial(report, options)
    weir = trial.weir
    weir.environment["WEIR_LISTEN"] = f"127.0.0.1:{free_port()}"
    trial.postgres.stop()
    weir.start()
    early = TowerRun(weir.port, "early").create()
    report.expect(weir.terminate() == 0, "it stops while PostgreSQL is away")
    weir.start()
    early.begin()
    report.expect(early.link == f"http://127.0.0.1:{weir.port}/api/nextflow/runs/{early.session}/early", f"the client gets a link: {early.link}")
    runs = TowerRuns(weir.port, 4, pause=0.05)
    time.sleep(options.seconds / 2)
    weir.kill9()
    weir.start()
    time.sleep(options.seconds / 2)
    everything = [early.complete(), *runs.stop()]
    report.expect({status for run in everything for status in run.statuses} == {200}, "every call was answered with 200")
    trial.postgres.start()
    wait_until(lambda: trial.read("/ready")[0] == 200, 60, "/ready")
    weir.await_loaded()
    expect_runs(report, weir, trial.postgres, everything)
    report.expect(weir.terminate() == 0, "it stops cleanly")
    trial.postgres.stop()
    shutil.rmtree(trial.postgres.directory, ignore_errors=True)
    shutil.rmtree(trial.home, ignore_errors=True)


# ------------------------------------------------------------------------------------------------ killed


def killed_in_copy(report, options):
    """killed with kill -9 in the middle of a COPY, three times"""
    trial = Trial(report, options)
    trial.weir.start()
    trial.load()
    for _ in range(3):
        backend, query = stop_in_copy(trial.postgres)
        report.expect(query.startswith("COPY"), f"the loader's session was stopped in: {query[:40]}…")
        os.kill(trial.postgres.pid, signal.SIGKILL)
        os.kill(backend, signal.SIGKILL)
        time.sleep(2)
        trial.expect_503()
        start_after_kill(trial.postgres)
        time.sleep(2)
    trial.end()


def stop_in_copy(postgres):
    """Stops the loader's session of a stream again and again until it stands in a COPY: (its process, the statement).

    Each stream has a session of its own. They are stopped in turn, since what is seen at work has often ended when it stops.
    """
    end = time.monotonic() + 60
    while time.monotonic() < end:
        sessions = postgres.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'weir-loader'")
        for backend in (int(row[0]) for row in sessions):
            os.kill(backend, signal.SIGSTOP)
            state = postgres.sql(f"SELECT state, query FROM pg_stat_activity WHERE pid = {backend}")
            if state and state[0][0] == "active" and state[0][1].startswith("COPY"):
                return backend, state[0][1]
            os.kill(backend, signal.SIGCONT)
        time.sleep(0.02)
    raise TimeoutError("the loader was never met in a COPY: a higher --rate makes it likelier")


def start_after_kill(postgres):
    """The sessions of a killed server take a moment to notice."""
    for attempt in range(20):
        try:
            return postgres.start()
        except subprocess.CalledProcessError:
            if attempt == 19:
                raise
            time.sleep(0.5)


# ------------------------------------------------------------------------------------------- connections


class Session:
    """A session that does nothing, in a few bytes of PostgreSQL's protocol."""

    def __init__(self, postgres):
        self.socket = socket.create_connection(("127.0.0.1", postgres.port), timeout=10)
        fields = b"user\0weir\0database\0weir\0\0"
        self.socket.sendall(struct.pack("!ii", len(fields) + 8, 196608) + fields)
        self.read()

    def query(self, text):
        body = text.encode() + b"\0"
        self.socket.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
        return self.read()

    def read(self):
        """Reads up to ReadyForQuery: the last value that came before it."""
        stream, value = self.socket.makefile("rb"), None
        while True:
            kind = stream.read(1)
            if kind in (b"", b"E"):
                self.socket.close()
                raise ConnectionError("refused")
            body = stream.read(struct.unpack("!i", stream.read(4))[0] - 4)
            if kind == b"D":
                value = body[6:]
            if kind == b"Z":
                return value


def take_all(postgres, sessions):
    """Opens sessions until there are no more."""
    while True:
        try:
            sessions.append(Session(postgres))
        except OSError:
            return sessions


def no_connection(report, options):
    """out of connections before Weir starts, and once more while it runs"""
    trial = Trial(report, options, {"max_connections": "25"})
    sessions = take_all(trial.postgres, [])
    report.say(taken_before_the_start=len(sessions))
    trial.weir.start()
    trial.load(wait=options.seconds)
    trial.expect_503()
    for session in sessions:
        session.socket.close()
    wait_until(lambda: trial.read("/ready")[0] == 200, 60, "/ready")

    administrator, sessions, rounds = Session(trial.postgres), [], 0
    while administrator.query(f"SELECT count(*) {OF_WEIR}") != b"0" and rounds < 100:
        administrator.query(f"SELECT pg_terminate_backend(pid) {OF_WEIR}")
        take_all(trial.postgres, sessions)
        rounds += 1
    report.say(taken_while_it_runs=len(sessions), rounds=rounds)
    report.expect(rounds < 100, "no session of Weir is left")
    time.sleep(options.seconds)
    trial.expect_503()
    for session in [*sessions, administrator]:
        session.socket.close()
    time.sleep(2)
    trial.end()


if __name__ == "__main__":
    main([stopped, long, at_start, tower, killed_in_copy, no_connection], "outage", __doc__)
