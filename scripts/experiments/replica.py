"""A streaming replica answers GETs: clients read what they wrote, and reads go on while either server is away."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import time

from harness import Postgres, Report, Senders, Weir, completion, expect_exactly_once, free_port, scratch, wait_until

SUMMARY = "/metrics/processes/summary?min_samples=1"


class Standby(Postgres):
    """A streaming replica of a cluster, made by pg_basebackup -R."""

    def __init__(self, primary):
        self.bin, self.user = primary.bin, primary.user
        self.settings = {**primary.settings, "hot_standby": "on"}
        self.directory = scratch("weir-standby-") / "cluster"
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(self.directory.parent, self.user)
        self.run("pg_basebackup", "-D", self.directory, "-R", "-X", "stream", "-c", "fast",
                 "-h", "127.0.0.1", "-p", primary.port, "-U", "weir")
        self.start()

    def postmaster(self, what):
        """Sends a signal to all processes of the cluster."""
        children = subprocess.run(["pgrep", "-P", str(self.pid)], capture_output=True, text=True, check=False)
        for pid in [self.pid, *map(int, children.stdout.split())]:
            os.kill(pid, what)


def rows(answer):
    """How many completions an answer of the summary counts."""
    return json.loads(answer[2])["cards"]["process_completed_rows"]


def lag(answer):
    return int(answer[1]["Weir-Lag-Lines"] or 0)


def fallbacks(weir):
    return int(weir.metric("weir_replica_fallbacks_total"))


def reads_what_was_written(report, weir, count):
    """A POST, then at once a GET, again and again: the GET has to count the POST."""
    waits, wrong, late = [], 0, 0
    posted = rows(weir.get(SUMMARY))
    for number in range(count):
        assert weir.ask("POST", "/telemetry", completion("written", f"w-{number}"))[0] == 200
        posted += 1
        began = time.monotonic()
        answer = weir.get(SUMMARY)
        waits.append(time.monotonic() - began)
        late += lag(answer) > 0
        wrong += rows(answer) != posted and lag(answer) == 0
    waits.sort()
    report.say(reads=count, median_ms=round(waits[count // 2] * 1000, 1), p99_ms=round(waits[count * 99 // 100] * 1000, 1),
               late=late, fallbacks=fallbacks(weir))
    report.expect(wrong == 0, "every read shows what was written before it, or says that it does not")
    report.expect(late <= count // 20, "hardly any read is late")
    report.expect(fallbacks(weir) == 0, "all were answered by the replica")


def paused_replay(report, weir, replica):
    replica.sql("SELECT pg_wal_replay_pause()")
    before = rows(weir.get(SUMMARY))
    weir.ask("POST", "/telemetry", completion("paused", "p-1"))
    began = time.monotonic()
    answer = weir.get(SUMMARY)
    seconds = time.monotonic() - began
    report.say(replay_paused_seconds_waited=round(seconds, 2), lag=lag(answer))
    report.expect(answer[0] == 200 and lag(answer) >= 1 and rows(answer) == before, "a read says what it does not show yet")
    report.expect(0.4 < seconds < 3, "it waits for WEIR_READ_WAIT, and no longer")
    wait_until(lambda: weir.metric("weir_replica_lag_lines") >= 1, 10, "the metric of the lag")
    replica.sql("SELECT pg_wal_replay_resume()")
    wait_until(lambda: lag(weir.get(SUMMARY)) == 0, 10, "the replica to catch up")
    report.expect(rows(weir.get(SUMMARY)) == before + 1, "once it is replayed, a read shows it")


def replica_away(report, weir, replica):
    before, count = fallbacks(weir), rows(weir.get(SUMMARY))
    replica.stop("immediate")
    weir.ask("POST", "/telemetry", completion("away", "a-1"))
    answers = [weir.get(SUMMARY) for _ in range(50)]
    report.expect(all(a[0] == 200 and lag(a) == 0 and rows(a) == count + 1 for a in answers), "without it DATABASE_URL answers")
    report.expect(fallbacks(weir) >= before + 50, "the metric counts that")
    report.expect(weir.log().count("the read replica cannot answer") == 1, "the log says it once")
    report.expect(weir.get("/ready")[0] == 200, "Weir stays ready")
    replica.start()
    wait_until(lambda: "the read replica answers again" in weir.log(), 30, "the replica to be used again")
    at = fallbacks(weir)
    report.expect(all(weir.get(SUMMARY)[0] == 200 for _ in range(20)) and fallbacks(weir) == at, "then the replica answers again")


def replica_silent(report, weir, replica):
    replica.postmaster(signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = weir.get(SUMMARY)
        first = time.monotonic() - began
        began = time.monotonic()
        second = weir.get(SUMMARY)
        report.say(first_read_of_a_silent_replica_seconds=round(first, 1), next_read_seconds=round(time.monotonic() - began, 2))
        report.expect(answer[0] == second[0] == 200 and first < 8, "a silent replica delays a read, and loses none")
    finally:
        replica.postmaster(signal.SIGCONT)
    at = wait_until(lambda: rested(weir), 30, "the replica to be used again")
    report.expect(at, "then it answers again")


def rested(weir):
    at = fallbacks(weir)
    return weir.get(SUMMARY)[0] == 200 and fallbacks(weir) == at


def primary_away(report, weir, primary):
    before = rows(weir.get(SUMMARY))
    primary.stop("immediate")
    acknowledged = [f"o-{number}" for number in range(20)]
    statuses = {weir.ask("POST", "/telemetry", completion("outage", task))[0] for task in acknowledged}
    report.expect(statuses == {200}, "events are taken while DATABASE_URL is away")
    answer = weir.get(SUMMARY)
    report.say(primary_away_status=answer[0], lag=lag(answer))
    report.expect(answer[0] == 200 and rows(answer) == before and lag(answer) == 20, "while DATABASE_URL is away the replica answers")
    primary.start()
    weir.await_loaded()
    wait_until(lambda: rows(weir.get(SUMMARY)) == before + 20, 30, "the replica to have it all")
    report.expect(lag(weir.get(SUMMARY)) == 0, "everything is there when it is back")


def under_load(report, weir, primary, seconds, rate):
    senders = Senders(weir.port, count=8, rate=rate)
    end, reads, late, statuses = time.monotonic() + seconds, 0, 0, set()
    while time.monotonic() < end:
        answer = weir.get(SUMMARY)
        statuses.add(answer[0])
        reads, late = reads + 1, late + (lag(answer) > 0)
    senders.stop()
    weir.await_loaded()
    report.say(events_per_second=round(len(senders.acknowledged) / seconds), reads=reads, late_reads=late)
    report.expect(statuses == {200}, "reads are answered under load")
    expect_exactly_once(report, primary, senders.tasks)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--reads", type=int, default=300, help="reads right after a write")
    arguments.add_argument("--seconds", type=int, default=8, help="of load")
    arguments.add_argument("--rate", type=int, default=800, help="events a second")
    options = arguments.parse_args()
    report = Report("a read replica")
    primary = Postgres({"wal_level": "replica", "max_wal_senders": "4"})
    replica = Standby(primary)
    home = scratch()
    weir = Weir(home / "data", primary.url, env={"DATABASE_READ_URL": replica.url}).start()
    wait_until(lambda: rested(weir), 30, "the replica to have the schema")
    weir.terminate()
    weir.start()
    doctor = subprocess.run([*weir.program, "doctor"], env=weir.environment, capture_output=True, text=True, check=False)
    report.expect("a standby, " in doctor.stdout, "weir doctor knows the standby")
    reads_what_was_written(report, weir, options.reads)
    paused_replay(report, weir, replica)
    replica_away(report, weir, replica)
    replica_silent(report, weir, replica)
    primary_away(report, weir, primary)
    under_load(report, weir, primary, options.seconds, options.rate)
    report.end()


if __name__ == "__main__":
    main()
