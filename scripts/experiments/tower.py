"""Nextflow's Tower client and two Weirs: runs whose calls go to both, one that is killed, and calls before their run is known."""

import argparse
import base64
import datetime
import http.client
import json
import threading
import time
import uuid

from harness import Database, Postgres, Report, Weir, free_port, scratch, wait_until

HEADERS = {
    "Content-Type": "application/json; charset=utf-8", "User-Agent": "Nextflow/26.04.6",
    "Authorization": "Basic " + base64.b64encode(b"@token:anything").decode(),
}  # fmt: skip
AGAIN = {429, 500, 502, 503, 504}


class TowerRun:
    """A run of Tower's client: what was not taken is sent again, byte for byte, until it is or until the client gives up."""

    def __init__(self, ports, name, patience=60):
        self.ports = ports if isinstance(ports, list) else [ports]  # taken in turn
        self.session, self.name, self.patience = str(uuid.uuid5(uuid.NAMESPACE_OID, name)), name, patience
        self.calls = self.resent = 0
        self.told, self.ended, self.aborted, self.statuses = set(), set(), None, set()
        self.workflow = self.link = None
        self.counts = {"succeeded": 0, "running": 0, "submitted": 0}

    def call(self, what, body):
        """Makes a call: its answer; None if the client gave up, which ends the run."""
        body = json.dumps(body | {"instant": time.time_ns() // 1000000}).encode()
        method, path = ("POST", "create") if what == "create" else ("PUT", f"{self.workflow}/{what}")
        port, end = self.ports[self.calls % len(self.ports)], time.monotonic() + self.patience
        self.calls += 1
        while time.monotonic() < end and not self.aborted:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request(method, f"/tower/trace/{path}", body, HEADERS)
                answer = connection.getresponse()
                status, text = answer.status, answer.read()
                connection.close()
                self.statuses.add(status)
                if 200 <= status < 300:
                    return json.loads(text)
                if status not in AGAIN:
                    break
            except (OSError, http.client.HTTPException):
                pass
            self.resent += 1
            time.sleep(0.05)
        self.aborted = self.aborted or what
        return None

    def create(self):
        answer = self.call("create", {"sessionId": self.session, "runName": self.name, "projectName": "p", "repository": None, "workflowId": None})
        self.workflow = answer and answer["workflowId"]
        return self

    def begin(self):
        answer = self.call("begin", {"workflow": self.flow(None), "processNames": ["P"], "towerLaunch": False})
        self.link = answer and answer.get("watchUrl")
        return self

    def progress(self, submitted=(), running=(), completed=()):
        """Tells tasks by their numbers."""
        told = [(submitted, "SUBMITTED"), (running, "RUNNING"), (completed, "COMPLETED")]
        answer = self.call("progress", {"tasks": [task(number, status) for numbers, status in told for number in numbers],
                                        "progress": self.counts | {"succeeded": len(self.ended) + len(completed)}, "containers": []})
        if answer and answer.get("status") == "OK":
            self.told.update(*(numbers for numbers, _ in told))
            self.ended.update(completed)
        return answer

    def complete(self):
        self.call("complete", {"workflow": self.flow(now()) | {"success": True, "exitStatus": 0, "duration": 1000}, "metrics": [],
                               "progress": self.counts | {"succeeded": len(self.ended)}})
        return self

    def work(self, stopping, size=20, calls=10**9, pause=0.0):
        """A run from its beginning until it is told to stop, or for so many calls: each task in three calls."""
        self.create().begin()
        number = 0
        while not stopping.is_set() and not self.aborted and number < calls:
            batch = [range(max(0, first) * size, max(0, first + 1) * size) for first in (number, number - 1, number - 2)]
            self.progress(*batch)
            number += 1
            stopping.wait(pause)
        self.progress(completed=sorted(self.told - self.ended)[:100])
        self.complete()

    def flow(self, complete):
        return {"sessionId": self.session, "runName": self.name, "id": self.workflow, "start": "2026-11-20T08:00:00.123456789Z",
                "complete": complete, "userName": "u", "projectName": "p", "stats": {}}


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def task(number, status):
    told = {
        "taskId": number + 1, "status": status, "hash": f"{number % 256:02x}/{number:06x}", "name": f"P ({number})", "exit": 0, "process": "P",
        "submit": "2026-11-20T08:00:01.500Z", "start": None if status == "SUBMITTED" else "2026-11-20T08:00:02Z", "attempt": 1, "executor": "slurm",
    }  # fmt: skip
    ended = {"errorAction": None, "complete": "2026-11-20T08:00:03.250Z", "duration": 1750, "realtime": 1250, "peakRss": 1 << 20}
    return told | (ended if status == "COMPLETED" else {"exit": 2147483647})


class TowerRuns:
    """Runs at the same time, a thread each."""

    def __init__(self, ports, count, prefix="run", **options):
        self.runs = [TowerRun(ports, f"{prefix}-{number}") for number in range(count)]
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=run.work, args=(self.stopping,), kwargs=options, daemon=True) for run in self.runs]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        return self.join()

    def join(self):
        for thread in self.threads:
            thread.join(120)
        return self.runs


def expect_runs(report, weir, database, runs):
    """Every run went on to its end, and each task that was told is one row, each of its ends one completion."""
    report.say(runs=len(runs), calls=sum(run.calls for run in runs), sent_again=sum(run.resent for run in runs),
               tasks=sum(len(run.told) for run in runs))
    report.expect(not any(run.aborted for run in runs), f"no run was ended by Weir: {sorted({run.aborted for run in runs if run.aborted})}")
    rows = database.sql("SELECT r.run_name, t.task_id FROM task t JOIN run r ON r.run_key = t.run_key")
    told = sorted([run.name, str(number + 1)] for run in runs for number in run.told)
    report.expect(sorted(rows) == told, f"each task that was told is a row, and no other: {len(rows)} of {len(told)}")
    ended, stored, counted = sum(len(run.ended) for run in runs), *database.sql(
        "SELECT (SELECT count(*) FROM completion), (SELECT coalesce(sum(rows), 0) FROM completion_rollup WHERE grain = 'year')")[0]
    report.expect(str(ended) == stored == counted, f"each end is counted once: {ended} told, {stored} stored, {counted} counted")
    calls = [int(value) for value in database.sql("SELECT count(*), count(DISTINCT (journal_id, seq)) FROM tower_call")[0]]
    report.expect(calls[0] == calls[1], f"no call is applied twice: {calls[0]} lines")
    report.expect(database.value("SELECT count(*) FROM tower_pending") == "0", "no call waits for its run")
    states = {(run["run_id"], run["run_name"]): run["state"] for run in json.loads(weir.get("/api/nextflow/runs?limit=100")[2])["runs"]}
    report.expect(states == {(run.session, run.name): "succeeded" for run in runs}, f"each is a run that has succeeded: {sorted(states.values())[:3]}…")
    report.expect(weir.metric("weir_loader_dead_letters_total") == 0, "nothing became a dead letter")


# ----------------------------------------------------------------------------------------------- two Weirs


def pair(postgres, name):
    database = Database.make(postgres, name)
    weirs = [Weir(scratch() / "data", database.url, listen=f"127.0.0.1:{free_port()}", env={"WEIR_JOURNAL_RESERVE": "0"}).start() for _ in range(2)]
    return database, weirs


def in_turn(report, postgres):
    """each call of a run goes to the other Weir than the one before"""
    database, weirs = pair(postgres, "in_turn")
    ports = [weir.port for weir in weirs]
    runs = TowerRuns(ports, 4, calls=20).join()
    alone = [TowerRun([port], "same").create().workflow for port in ports]
    report.expect(alone[0] == alone[1] and 8 <= len(alone[0]) <= 16, f"both give a run the same id: {alone}")
    # That one has ended before it began.
    last = TowerRun(ports[::-1], "same").create().begin().complete()
    for weir in weirs:
        weir.await_loaded()
    expect_runs(report, weirs[0], database, [*runs, last])
    for weir in weirs:
        weir.terminate()


def killed(report, postgres):
    """one Weir is killed with what it alone knows: the other takes the calls of a run that it has never heard of"""
    database, (first, second) = pair(postgres, "killed")
    postgres.stop()
    run = TowerRun(first.port, "moved").create().begin()
    first.kill9()
    postgres.start()
    run.ports = [second.port]
    run.progress(submitted=range(5))
    run.progress(running=range(3), completed=range(3, 5))
    second.await_loaded()
    waiting = int(database.value("SELECT count(*) FROM tower_pending"))
    report.expect(waiting == 2, f"calls wait until their run is known: {waiting}")
    first.start()
    first.await_loaded()
    wait_until(lambda: database.value("SELECT count(*) FROM tower_pending") == "0", 10, "the calls that waited")
    run.progress(completed=range(3))
    run.complete()
    second.await_loaded()
    expect_runs(report, second, database, [run])
    for weir in (first, second):
        weir.terminate()


PARTS = {part.__name__: part for part in (in_turn, killed)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=list(PARTS), help="these parts and no others")
    options = parser.parse_args()
    report = Report("tower")
    postgres = Postgres()
    for name in options.only or PARTS:
        print(f"  -- {name}: {PARTS[name].__doc__}", flush=True)
        PARTS[name](report, postgres)
    report.end()


if __name__ == "__main__":
    main()
