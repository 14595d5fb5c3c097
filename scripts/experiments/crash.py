"""Kills Weir at random moments and at fault points, under load and in its first start, and counts lost and doubled events."""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time
import uuid

from harness import ROOT, Database, Postgres, Report, Senders, Weir, completion, expect_exactly_once, free_port, post, scratch, wait_until
from tower import TowerRun, TowerRuns, expect_runs

JSON = {"Content-Type": "application/json"}
PADDING = "x" * 4000  # so that a segment of 1 MiB is full after some 250 events, also on a slow machine


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="kills under load")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--starts", type=int, default=12, help="first starts that are killed, with a server of its own")
    parser.add_argument("--private-starts", type=int, default=8, help="the same, with a private cluster")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="these parts and no others")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6, help="of the moments")
    options = parser.parse_args()
    random.seed(options.seed)
    report = Report("crash")
    report.say(seed=options.seed)
    postgres = Postgres()
    for name in options.only or PARTS:
        print(f"  -- {name}: {PARTS[name].__doc__}", flush=True)
        PARTS[name](report, postgres, options)
    report.end()


def weir_on(database, data, **env):
    return Weir(data, database, env={"WEIR_JOURNAL_SEGMENT": "1MiB", "WEIR_JOURNAL_RESERVE": "0", **env})


# ---------------------------------------------------------------------------------------------- under load


def under_load(report, postgres, options):
    """kill -9 at random moments under load from many connections"""
    data = scratch() / "data"
    weir, everything, rolls = weir_on(postgres.url, data), [], 0
    totals = {"acknowledged": 0, "found": 0, "doubled": 0, "refused": 0}
    segments = 0
    weir.start()
    for number in range(1, options.rounds + 1):
        senders = Senders(weir.port, options.connections, prefix=f"r{number}", padding=PADDING)
        time.sleep(random.uniform(0.1, 1.5))
        weir.kill9()
        senders.stop()
        begun, under_way = segments_after_kill(data)
        rolls += under_way
        weir.start()
        weir.await_loaded()
        figures = count(postgres, senders, f"r{number}")
        report.say(round=number, **figures, segments=begun - segments, roll_under_way=under_way)
        segments = begun
        everything += senders.tasks
        totals = {name: totals[name] + figures[name] for name in totals}
    report.say(rounds=options.rounds, **totals, segments=segments, rolls_under_way=rolls)
    report.expect(totals["found"] == totals["acknowledged"], "each acknowledged event was found after its round")
    report.expect(totals["doubled"] == 0, "no event is there twice")
    report.expect(totals["refused"] == 0, "no event was refused")
    report.expect(segments > options.rounds * 2, "segments were rolled in the rounds, not only begun by starts")
    expect_exactly_once(report, postgres, everything)
    report.expect(weir.metric("weir_journal_damage_total") == 0, "kills damage nothing in the journal")
    report.expect(weir.terminate() == 0, "it stops cleanly in the end")


def count(database, senders, prefix):
    """What of a round is there. Senders never repeat an event, so that every task may stand in one raw row only."""
    where = f"WHERE trace->>'task_id' LIKE '{prefix}-%'"
    rows = database.sql(f"SELECT trace->>'task_id', count(*) FROM telemetry {where} GROUP BY 1")
    found = {task: int(times) for task, times in rows}
    return {
        "acknowledged": len(senders.tasks),
        "found": sum(task in found for task in senders.tasks),
        "unanswered_and_taken": sum(task in found for task in senders.unanswered),
        "doubled": sum(times > 1 for times in found.values()),
        "refused": len(senders.refused),
    }


def segments_after_kill(data):
    """(how many segments there are, whether a roll was under way: the new one without a line, or the old one uncut)."""
    files = sorted((data / "raw").glob("events_*"), key=lambda path: (len(path.name), path.name))
    lines = [line for line in files[-1].read_bytes().split(b"\n") if line]
    is_uncut = len(files) > 1 and files[-2].read_bytes().endswith(b"\n\n")
    return len(files), int(len(lines) < 2 or is_uncut)


# ----------------------------------------------------------------------------------------- pings and tower


class Pings(Senders):
    """Threads that ping, each a check of its own; what it says is the name of a task."""

    paths = []

    def request(self, sender, task):
        return post(task.encode(), f"{self.paths[sender]}?rid={run_of(task)}")


def run_of(task):
    return uuid.uuid5(uuid.NAMESPACE_OID, task)


def pings_and_tower(report, postgres, options):
    """kill -9 at random moments under pings of many checks and runs of Nextflow's Tower client, and between create and begin"""
    database, rounds = Database.make(postgres, "pings"), max(2, options.rounds // 4)
    weir, tasks = weir_on(database.url, scratch() / "data"), []
    weir.environment["WEIR_LISTEN"] = f"127.0.0.1:{free_port()}"
    weir.start()
    early, runs = TowerRun(weir.port, "early").create(), TowerRuns(weir.port, 4, pause=0.02)
    Pings.paths = [make_check(weir, number) for number in range(8)]
    for number in range(1, rounds + 1):
        # Whoever has just started knows no check by heart.
        senders = Pings(weir.port, len(Pings.paths), prefix=f"p{number}")
        time.sleep(random.uniform(0.1, 1))
        weir.kill9()
        senders.stop()
        report.expect(not senders.refused, f"round {number}: no ping is refused")
        tasks += senders.tasks
        weir.start()
        if number == 1:
            early.begin().progress(submitted=range(3))
    early.progress(completed=range(3))
    told = [early.complete(), *runs.stop()]
    weir.await_loaded()
    expect_runs(report, weir, database, told)
    kept = {body: int(times) for body, times in database.sql("SELECT body, count(*) FROM ping GROUP BY 1")}
    runs = {row[0] for row in database.sql("SELECT run_id FROM agent_run WHERE status = 'success'")}
    lost = [task for task in tasks if task not in kept or str(run_of(task)) not in runs]
    report.say(acknowledged=len(tasks), kept=len(kept), runs=len(runs), lost=len(lost))
    report.expect(bool(tasks) and not lost, "each acknowledged ping is in the history of its check, and a run")
    report.expect(set(kept.values()) == {1} and len(runs) == len(kept), "none is there twice")
    report.expect(weir.terminate() == 0, "it stops cleanly in the end")


def make_check(weir, number):
    status, _, body = weir.ask("POST", "/api/v2/checks", json.dumps({"name": f"job {number}"}), headers=JSON)
    if status != 201:
        raise RuntimeError(f"POST /api/v2/checks: {status} {body[:200]}")
    return json.loads(body)["ping_path"]


# -------------------------------------------------------------------------------------------- fault points


def fault_points(report, postgres, options):
    """kill -9 where chance hardly comes: before COMMIT, in the roll of a segment, in a migration"""
    for point in ("loader.before-commit", "journal.after-segment-created"):
        for times in (1, 2, 5):
            database, data = Database.make(postgres, "fault"), scratch() / "data"
            weir = weir_on(database.url, data, WEIR_FAULT_POINT=f"{point}:{times}")
            weir.start()
            report.expect("this process will kill itself" in weir.log(), f"{point}:{times} is announced in the log")
            senders = Senders(weir.port, options.connections, prefix="f", padding=PADDING)
            died = weir.process.wait(60)
            senders.stop()
            report.expect(died == -signal.SIGKILL, f"{point}:{times} kills under load")
            report.expect(bool(senders.tasks), f"{len(senders.tasks)} tasks were acknowledged before")
            if point.startswith("loader"):
                expect_uncommitted(report, database)
            else:
                newest = max((data / "raw").iterdir(), key=lambda path: (len(path.name), path.name))
                report.expect(newest.stat().st_size == 0, f"the segment {newest.name} was created and has no header")
            goes_on(report, weir, database, senders)
    steps = len(list((ROOT / "migrations").glob("v*.sql")))
    for times in range(1, min(steps, 3) + 1):
        database, data = Database.make(postgres, "fault"), scratch() / "data"
        weir = weir_on(database.url, data, WEIR_FAULT_POINT=f"migrator.before-commit:{times}")
        weir.start(wait=0)
        report.expect(weir.process.wait(60) == -signal.SIGKILL, f"migrator.before-commit:{times} kills the start")
        applied = int(database.value("SELECT count(*) FROM weir_migration"))
        report.expect(applied == times - 1, f"{applied} migrations are committed, nothing of the next one is there")
        goes_on(report, weir, database, None)


def expect_uncommitted(report, database):
    """What the killed transaction had copied is on the server's disk, and belongs to nobody."""
    sessions = "SELECT FROM pg_stat_activity WHERE application_name = 'weir-loader' AND datname = current_database()"
    wait_until(lambda: not database.sql(sessions), 30, "the end of the loader's session")
    pages = int(database.value("SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree('telemetry')")) // 8192
    position = int(database.value("SELECT max(seq) FROM journal_position"))
    rows = int(database.value("SELECT count(*) FROM telemetry"))
    report.say(pages_copied=pages, position=position, rows=rows)
    report.expect(pages > 0 and rows == position, "rows were copied; rows and position agree on what was committed")


def goes_on(report, weir, database, senders):
    """The next start works, loads what was acknowledged and takes events."""
    del weir.environment["WEIR_FAULT_POINT"]
    weir.start()
    acknowledged = (senders.tasks if senders else []) + take_some(weir)
    weir.await_loaded()
    expect_exactly_once(report, database, acknowledged)
    weir.terminate()


def take_some(weir, number=50):
    tasks = [f"after-{i}" for i in range(number)]
    answers = [weir.ask("POST", "/telemetry", completion("after", task), headers=JSON)[0] for task in tasks]
    return tasks if answers == [200] * number else []


# ------------------------------------------------------------------------------------------- first starts


def first_starts(report, postgres, options):
    """kill -9 at random moments of the first start, on an empty database and an empty directory"""
    seconds = start_time(lambda: weir_on(Database.make(postgres, "first").url, scratch() / "data"))
    report.say(a_first_start_takes=f"{seconds * 1000:.0f} ms")
    found = {}
    for _ in range(options.starts):
        database, data = Database.make(postgres, "first"), scratch() / "data"
        weir = weir_on(database.url, data)
        kill_starts(report, weir, seconds, found, lambda weir=weir, database=database: how_far(database, weir))
        weir.start()
        tasks = take_some(weir)
        weir.await_loaded()
        found_tasks = {row[0] for row in database.sql("SELECT task_id FROM task")}
        holds = len(tasks) == 50 and found_tasks == set(tasks)
        if not report.expect(holds, "after up to three killed starts it starts and takes events"):
            print(weir.log())
        weir.terminate()
    report.say(**{f"killed {state}": times for state, times in sorted(found.items())})


def start_time(make):
    weir, began = make(), time.monotonic()
    weir.start()
    seconds = time.monotonic() - began
    weir.terminate()
    return seconds


def kill_starts(report, weir, seconds, found, how_far):
    """Kills up to three starts, each where the one before has left things; counts how far they had come."""
    state = ""
    while weir.starts < 3 and state != "when ready":
        weir.start(wait=0)
        time.sleep(random.uniform(0, seconds * 1.2))
        if weir.process.poll() is not None:
            report.expect(False, f"a start ended by itself: {weir.log()}")
        weir.kill9()
        state = how_far()
        found[state] = found.get(state, 0) + 1


def how_far(database, weir):
    if "is ready at" in weir.output_path.read_text():
        return "when ready"
    if not (weir.data / "journal.json").exists():
        return "before the journal"
    if not database.sql("SELECT to_regclass('weir_migration')")[0][0]:
        return "before the schema"
    return f"after {database.value('SELECT count(*) FROM weir_migration')} migrations"


def private_first_starts(report, _, options):
    """kill -9 at random moments of the first start that makes a private cluster"""
    directory = pathlib.Path(scratch())
    seconds = start_time(lambda: weir_on(None, directory / "timing"))
    report.say(a_first_start_takes=f"{seconds * 1000:.0f} ms")
    found = {}
    for number in range(options.private_starts):
        data = directory / f"data{number}"
        weir = weir_on(None, data)
        kill_starts(report, weir, seconds, found, lambda weir=weir: how_far_private(weir))
        began = time.monotonic()
        try:
            weir.start()
            tasks = take_some(weir)
            weir.await_loaded()
            found_tasks = set(private_sql(data, "SELECT task_id FROM task"))
        except (RuntimeError, TimeoutError, OSError) as failure:
            print(failure)
            tasks, found_tasks = [], set()
        holds = len(tasks) == 50 and found_tasks == set(tasks)
        report.expect(holds, f"after up to three killed starts it starts in {time.monotonic() - began:.1f} s and takes events")
        if weir.process.poll() is None:
            weir.terminate(60)
        end_cluster(data)
        shutil.rmtree(data, ignore_errors=True)
    report.say(**{f"killed {state}": times for state, times in sorted(found.items())})


def how_far_private(weir):
    data = weir.data
    if "is ready at" in weir.output_path.read_text():
        return "when ready"
    if not (data / "journal.json").exists():
        return "before the journal"
    if list((data / "postgres").glob("data.initializing*")):
        return "in initdb"
    if not (data / "postgres/data/PG_VERSION").exists():
        return "before initdb"
    return "after initdb"


def private_sql(data, text):
    psql = shutil.which("psql") or sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/psql"))[-1]
    command = [psql, "-XqAt", "-h", data / "postgres/socket", "-U", "weir", "-d", "weir", "-c", text]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def end_cluster(data):
    """Ends a private cluster that nobody came back for."""
    try:
        pid = int((data / "postgres/data/postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGINT)
        wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), 30, "the end of a private cluster")
    except (OSError, ValueError, IndexError):
        pass


PARTS = {part.__name__: part for part in (under_load, pings_and_tower, fault_points, first_starts, private_first_starts)}


if __name__ == "__main__":
    main()
