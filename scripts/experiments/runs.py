"""Tracked runs: killed Weirs, PostgreSQL away, and two Weirs at once; every response is compared with the rows."""

import argparse
import collections
import http.client
import json
import os
import random
import threading
import time

from harness import Postgres, Report, Weir, scratch, wait_until

ROUTE = "/api/v1/runs"


def run(event, **more):
    return {"event_id": event, "run_id": f"r-{event}", "start_time": "2026-01-01T00:00:00+00:00", "agent_name": "agent", "job_type": "job", **more}


class Clients:
    """Threads that begin a run, end it, and begin the next, on one of some Weirs at a time.

    An answer that never came is asked for again, as a client does, until it comes: what counts is what was said in the end.
    """

    def __init__(self, weirs, count=8, pause=0.0):
        self.weirs, self.pause = weirs, pause
        self.answers = collections.Counter()
        self.created, self.ended, self.odd = set(), set(), []
        self.stopped, self.lock = threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self._work, args=(number,), daemon=True) for number in range(count)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join(60)

    def _work(self, number):
        count = 0
        while not self.stopped.is_set():
            event, count = f"{os.getpid()}-{number}-{count}", count + 1
            said = self._ask(number, "POST", ROUTE, run(event), {200, 201})
            if said is None:
                return
            with self.lock:
                self.answers[said.get("status", "?")] += 1
                self.created.add(event)
            said = self._ask(number, "PATCH", f"{ROUTE}/{event}", {"status": "success", "items_succeeded": 3}, {200})
            if said is None:
                return
            with self.lock:
                self.answers["updated"] += 1
                self.ended.add(event)
            time.sleep(self.pause)

    def _ask(self, number, method, path, body, wanted):
        """The body of the first answer that is wanted; 503 and lost connections are asked again. None when stopped."""
        attempt = 0
        while not (self.stopped.is_set() and attempt):
            weir = self.weirs[(number + attempt) % len(self.weirs)]
            attempt += 1
            try:
                connection = http.client.HTTPConnection("127.0.0.1", weir.port, timeout=30)
                connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
                connection.close()
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.answers["lost"] += 1
                time.sleep(0.05)
                continue
            if answer.status in wanted:
                return json.loads(text)
            with self.lock:
                self.answers[answer.status] += 1
                if answer.status != 503:
                    self.odd.append((answer.status, path, text[:200]))
            time.sleep(0.1)
        return None

    def reach(self, count, seconds=60):
        wait_until(lambda: len(self.ended) >= count, seconds, f"{count} runs that ended")


def expect_all(report, postgres, clients):
    """Each run that was acknowledged is one row, each that was ended has ended, and the counts agree with the rows."""
    rows = dict(line.split("|") for line in postgres.value("SELECT string_agg(event_id || '|' || status, ',') FROM agent_run").split(","))
    missing = clients.created - rows.keys()
    open_ = {event for event in clients.ended if rows.get(event) != "success"}
    counted = int(postgres.value("SELECT sum(runs) FROM agent_run_tally WHERE facet = 'agent_name'"))
    doubled = int(postgres.value("SELECT count(*) - count(DISTINCT event_id) FROM agent_run"))
    report.say(answers=dict(clients.answers), rows=len(rows), missing=len(missing), not_ended=len(open_), doubled=doubled, counted=counted)
    report.expect(not missing and not open_, "every run that was acknowledged is there, and has ended if that was acknowledged")
    report.expect(not doubled and counted == len(rows), "no run is there twice, and the counts say as many as there are rows")
    report.expect(not clients.odd, f"no answer but 200, 201 and 503: {clients.odd[:3]}")
    report.expect(int(postgres.value("SELECT count(*) FROM dead_letter")) == 0, "nothing was refused by PostgreSQL")


def crash(report, options):
    """kill -9 at random moments under load, restart, again."""
    postgres = Postgres()
    home = scratch("weir-runs-")
    weir = Weir(home, postgres.url).start()
    clients = Clients([weir])
    for _ in range(options.rounds):
        time.sleep(random.uniform(0.2, 1.0))
        weir.kill9()
        weir.start()
    clients.reach(len(clients.ended) + 100)
    clients.stop()
    weir.await_loaded()
    expect_all(report, postgres, clients)
    weir.kill9()


def outage(report, options):
    """PostgreSQL away under load: runs are accepted, changes asked for again."""
    postgres = Postgres()
    weir = Weir(scratch("weir-runs-"), postgres.url).start()
    clients = Clients([weir], count=16, pause=0.02)
    clients.reach(200)
    postgres.stop("immediate")
    time.sleep(options.seconds)
    said = json.loads(weir.ask("POST", ROUTE, json.dumps(run("away")).encode(), headers={"Content-Type": "application/json"})[2])
    status, fields, _ = weir.get(f"{ROUTE}/away")
    report.expect(said["status"] == "accepted" and status == 503 and fields.get("Retry-After"), "a run is accepted, a read is 503 with Retry-After")
    postgres.start()
    clients.reach(len(clients.ended) + 200)
    clients.stop()
    clients.created.add("away")
    weir.await_loaded()
    expect_all(report, postgres, clients)
    weir.terminate()


def together(report, options):
    """Two Weirs on one database, each client now here, now there; one is killed and comes back."""
    postgres = Postgres()
    weirs = [Weir(scratch("weir-runs-"), postgres.url).start() for _ in range(2)]
    clients = Clients(weirs)
    same = [threading.Thread(target=lambda weir=weir, event=event: weir.ask("POST", ROUTE, json.dumps(run(event)).encode(),
            headers={"Content-Type": "application/json"})) for event in [f"same-{i}" for i in range(50)] for weir in weirs]
    for thread in same:
        thread.start()
    clients.reach(500)
    weirs[1].kill9()
    clients.reach(len(clients.ended) + 200)
    weirs[1].start()
    clients.reach(len(clients.ended) + 200)
    clients.stop()
    for thread in same:
        thread.join(30)
    clients.created |= {f"same-{i}" for i in range(50)}
    for weir in weirs:
        weir.await_loaded()
    expect_all(report, postgres, clients)
    for weir in weirs:
        weir.terminate()


TRIALS = [crash, outage, together]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="kills of `crash`")
    parser.add_argument("--seconds", type=float, default=20, help="without PostgreSQL in `outage`")
    parser.add_argument("--only", action="append", choices=[trial.__name__ for trial in TRIALS], help="these and no others")
    options = parser.parse_args()
    report = Report("tracked runs")
    for trial in TRIALS:
        if not options.only or trial.__name__ in options.only:
            print(f"  -- {trial.__name__}: {trial.__doc__}", flush=True)
            trial(report, options)
    report.end()


if __name__ == "__main__":
    main()
