"""Workers that report while Weir is killed, while PostgreSQL is away and with ever new ids: nothing lost, nothing twice, memory flat."""

import argparse
import json
import random
import time

from harness import Database, Postgres, Report, Senders, Weir, memory, post, scratch, wait_until

# Weir's own metrics are stored when its clock says so.
SETTINGS = {"WEIR_JOURNAL_SEGMENT": "1MiB", "WEIR_JOURNAL_RESERVE": "0", "WEIR_SERVER_METRICS_EVERY": "0"}
REPORT, HEARTBEAT = "/api/metrics/report", "/api/worker/pool/heartbeat"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="kills under load")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10, help="without PostgreSQL")
    parser.add_argument("--series", type=int, default=1_000_000, help="that random worker ids would make")
    parser.add_argument("--only", action="append", choices=list(PARTS), help="these parts and no others")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6, help="of the moments")
    options = parser.parse_args()
    random.seed(options.seed)
    report = Report("workers")
    report.say(seed=options.seed)
    postgres = Postgres()
    for name in options.only or PARTS:
        print(f"  -- {name}: {PARTS[name].__doc__}", flush=True)
        PARTS[name](report, postgres, options)
    report.end()


class Reporters(Senders):
    """Senders whose events are reports of two metrics; the second one tells the report."""

    def request(self, sender, task):
        metrics = [
            {"metric_name": "load", "metric_type": "gauge", "metric_value": 1, "labels": {"slot": str(sender)}},
            {"metric_name": "sent", "metric_type": "counter", "metric_value": float(number(task)), "help_text": task},
        ]
        return post(json.dumps({"component_name": f"pool-{sender % 4}", "metrics": metrics}).encode(), REPORT)


def number(task):
    """`7-3-12` as one number: round, sender, report."""
    part = [int(text) for text in task.split("-")]
    return (part[0] * 1000 + part[1]) * 10_000_000 + part[2]


def ask(weir, method, path, body):
    return weir.ask(method, path, json.dumps(body).encode(), headers={"Content-Type": "application/json"})


def register(weir, count=4):
    answers = [ask(weir, "POST", "/api/worker/pool/register", {"name": f"pool-{i}", "runtime": "cpu"})[0] for i in range(count)]
    if answers != [200] * count:
        raise RuntimeError(f"registrations were answered {answers}")


def beat(weir, count=4):
    return [ask(weir, "POST", HEARTBEAT, {"name": f"pool-{i}"})[0] for i in range(count)]


def expect_stored_once(report, database, acknowledged):
    """Each acknowledged report has its two samples, once."""
    sent = {number(task) for task in acknowledged}
    rows = database.sql("SELECT metric_value::bigint, count(*) FROM noetl.metric WHERE metric_name = 'sent' GROUP BY 1")
    found = {int(value): int(times) for value, times in rows}
    loads = int(database.value("SELECT count(*) FROM noetl.metric WHERE metric_name = 'load'"))
    report.say(acknowledged=len(sent), found=len(sent & found.keys()), doubled=sum(times > 1 for times in found.values()))
    report.expect(sent <= found.keys(), "nothing acknowledged is lost")
    report.expect(all(times == 1 for times in found.values()), "nothing is stored twice")
    report.expect(loads == len(found), "reports are stored whole")


# ---------------------------------------------------------------------------------------------------------- crash


def kills(report, postgres, options):
    """kill -9 at random moments under load, and a replay of the whole journal into an empty database"""
    database = Database.make(postgres, "kills")
    weir, acknowledged = Weir(scratch() / "data", database.url, env=SETTINGS).start(), []
    register(weir)
    for turn in range(1, options.rounds + 1):
        senders = Reporters(weir.port, options.connections, prefix=str(turn))
        time.sleep(random.uniform(0.1, 1.5))
        weir.kill9()
        senders.stop()
        report.expect(not senders.refused, f"round {turn}: {len(senders.tasks)} reports acknowledged, none refused")
        acknowledged += senders.tasks
        weir.start()
    ask(weir, "DELETE", "/api/worker/pool/deregister", {"name": "pool-3"})
    ask(weir, "POST", "/api/metrics/ttl/set?metric_name=load&ttl_days=30", {})
    weir.await_loaded()
    expect_stored_once(report, database, acknowledged)
    report.expect(weir.terminate() == 0, "it stops cleanly in the end")
    rebuilt = Database.make(postgres, "rebuilt")
    replay = Weir(scratch() / "data", rebuilt.url, env=SETTINGS).start(wait=0, arguments=("replay", "--journal", str(weir.data)))
    report.expect(replay.process.wait(300) == 0, replay.output_path.read_text().strip())
    for what, question in REBUILT.items():
        report.expect(database.sql(question) == rebuilt.sql(question), f"a replay rebuilds {what}")


REBUILT = {
    "components": "SELECT * FROM component ORDER BY component_type, name",
    "series": "SELECT series_key, runtime_id, metric_name, labels, help_text, unit, ttl, ttl_set_at FROM series ORDER BY 1",
    "samples": "SELECT * FROM noetl.metric ORDER BY metric_id",
}


# --------------------------------------------------------------------------------------------------------- outage


def outage(report, postgres, options):
    """PostgreSQL away while workers send heartbeats and reports"""
    database = Database.make(postgres, "outage")
    weir = Weir(scratch() / "data", database.url, env={**SETTINGS, "WEIR_WORKER_OFFLINE_AFTER": "4s", "WEIR_WORKER_SWEEP_EVERY": "1s"}).start()
    register(weir)
    weir.await_loaded()
    before = Reporters(weir.port, options.connections, prefix="1", rate=400)
    time.sleep(1)
    postgres.stop()
    end, beats = time.monotonic() + options.seconds, []
    while time.monotonic() < end:
        beats += beat(weir)
        time.sleep(0.5)
    report.expect(weir.get("/api/metrics/prometheus")[2].count(b"\nsent{") == 4, "the export shows all series without PostgreSQL")
    report.expect(set(beats) == {200}, f"{len(beats)} heartbeats were acknowledged")
    before.stop()
    report.expect(not before.refused and not before.unanswered, "every report was acknowledged")
    postgres.start()

    def loaded():
        beat(weir)
        return weir.metric("weir_loader_lag_lines") == 0

    wait_until(loaded, 300, "loading")
    lost = database.value("SELECT count(*) FROM component WHERE swept_before > last_heartbeat OR status <> 'ready'")
    report.expect(lost == "0", "no pool that sent heartbeats is offline")
    expect_stored_once(report, database, before.tasks)
    wait_until(lambda: database.value("SELECT count(*) FROM component WHERE status = 'offline'") == "4", 30, "silent pools offline")
    report.expect(True, "pools that fall silent go offline")
    ask(weir, "POST", HEARTBEAT, {"name": "pool-0"})
    weir.await_loaded()
    report.expect(database.value("SELECT status FROM component WHERE name = 'pool-0'") == "ready", "a heartbeat brings one back")
    report.expect(weir.terminate() == 0, "it stops cleanly")


# ---------------------------------------------------------------------------------------------------------- flood


def flood(report, postgres, options):
    """a worker id never seen before in every sample"""
    database = Database.make(postgres, "flood")
    weir = Weir(scratch() / "data", database.url, env={**SETTINGS, "WEIR_SERIES_PER_COMPONENT": "2000"}).start()
    register(weir, 1)
    sent, dropped, samples = 0, 0, []
    while sent < options.series:
        metrics = [
            {"metric_name": "m", "metric_type": "gauge", "metric_value": 1, "labels": {"worker_id": f"{random.getrandbits(64):x}"}}
            for _ in range(1000)
        ]
        status, _, body = ask(weir, "POST", REPORT, {"component_name": "pool-0", "metrics": metrics})
        if status != 200:
            report.expect(False, f"a report was answered {status}")
            break
        answer = json.loads(body)
        sent, dropped = sent + len(metrics), dropped + answer.get("metrics_dropped", 0)
        samples.append(memory(weir.pid)["RssAnon"] / 2**20)
    steady = samples[len(samples) // 3]
    report.say(series_attempted=sent, dropped=dropped, memory_third=f"{steady:.1f} MiB", memory_last=f"{samples[-1]:.1f} MiB")
    report.expect(dropped == sent - 2000, "what is beyond the limit is dropped and counted")
    report.expect(samples[-1] - steady < 8, "memory is flat")
    weir.await_loaded()
    report.expect(database.value("SELECT count(*) FROM series") == "2000", "PostgreSQL has as many series as the limit")
    weir.terminate()


PARTS = {part.__name__: part for part in (kills, outage, flood)}


if __name__ == "__main__":
    main()
