"""Alerts arrive although Weirs are killed, PostgreSQL is away, disks are full and receivers are at their worst."""

import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time
import traceback

from alerting import LEASE, AlertingWeir, Part, expect_in_order, failed_task
from harness import Database, Postgres, Report, fill, free_port, scratch, small_disk, wait_until
from receiver import Failing, Receiver, Redirecting, answer, close_early, drip, endless, hang, ok

HOLD = 300  # seconds for which an Alertmanager keeps an alert of Weir's that is not told again
ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100, help="for each channel, before and after a kill of one of two Weirs")
    hurry = "don't wait for the end of a killed Weir's lease, which SQL ends, nor for that of alerts that Alertmanager is not told again"
    parser.add_argument("--hurry", action="store_true", help=hurry)
    parser.add_argument("--only", action="append", choices=list(PARTS), help="these parts and no others")
    options = parser.parse_args()
    report = Report("alerts")
    # Nobody kills this server.
    postgres = Postgres({"max_connections": "400", "fsync": "off"})
    names = options.only or list(PARTS)
    # They wait more than they work: all at once, each with its Weirs and its database.
    with concurrent.futures.ThreadPoolExecutor(len(names)) as executor:
        parts = {executor.submit(run, name, report, postgres, options): name for name in names}
        for part in concurrent.futures.as_completed(parts):
            name, lines = parts[part], part.result()
            print(f"  -- {name}: {PARTS[name].__doc__}\n" + "\n".join(lines), flush=True)
    report.end()


def run(name, report, postgres, options):
    part = Part(report)
    try:
        PARTS[name](part, postgres, options)
    except Exception:  # the other parts go on
        part.expect(False, f"{name} ended early: {traceback.format_exc()}")
    part.say(seconds=round(time.monotonic() - part.began, 1))
    return part.lines


# --------------------------------------------------------------------------------------------------------- kills


def killed(part, postgres, options):
    """kill -9 between sending and recording, and between a failure and its alert"""
    database, receiver = Database.make(postgres, "killed"), Receiver()
    weir = AlertingWeir(database).start()
    channel = weir.channel(receiver.url)
    weir.rule([channel])
    for extra, (how, kill) in enumerate({"before the answer": before_the_answer, "before the record": before_the_record}.items(), 1):
        known = len(receiver.distinct())
        killed_at(weir, receiver, kill, [f"{how} {number}" for number in (1, 2, 3)])
        weir.fail(f"after {how}")
        wait_until(lambda known=known: len(receiver.distinct()) == known + 4, 30, "the messages after the kill")
        weir.await_sent()
        again = [message for message in receiver.messages if receiver.ids.count(message.id) > 1]
        expect_in_order(part, weir, channel, receiver, [extra], f"killed {how}", weir.failed)
        part.expect(failed_task(again[-1]) == how + " 1", "the one that came twice is the one with which it was killed")
    known = len(receiver.distinct())
    acknowledged = down(weir, receiver)
    part.expect(acknowledged, "it was killed before the engine took a failure")
    expect_in_order(part, weir, channel, receiver, [2], "killed before its engine knew", weir.failed)
    part.expect(len(receiver.distinct()) > known, "what was acknowledged before the kill is told after the start")
    part.expect(weir.terminate() == 0, "it stops cleanly")


def killed_at(weir, receiver, kill, processes):
    """Some tasks fail; Weir is killed at the first message of them, and started again."""
    with contextlib.ExitStack() as stack:
        lock, usual = threading.Lock(), receiver.respond

        def respond(handler, message):
            receiver.respond = usual
            with lock:
                return kill(weir, stack)

        receiver.respond = respond
        weir.fail(*processes)
        weir.process.wait(30)
    weir.start()


def before_the_answer(weir, stack):
    weir.process.kill()


def before_the_record(weir, stack):
    """Weir has the answer and records it, exactly: its UPDATE waits for a lock."""
    stack.enter_context(locked(weir.database))

    def kill():
        waiting = "wait_event_type = 'Lock' AND query LIKE '%SET status = $3%' AND datname = current_database()"
        wait_until(lambda: weir.database.sql(f"SELECT pid FROM pg_stat_activity WHERE {waiting}"), 20, "the record of an attempt")
        weir.process.kill()

    threading.Thread(target=kill).start()
    return answer(200)


def down(weir, receiver):
    """Kills Weir as soon as a failure is acknowledged; whether that was before the engine took it: it may be fast."""
    for turn in range(5):
        known = len(receiver.distinct())
        weir.fail(f"down {turn}")
        weir.kill9()
        taken = int(weir.database.value("SELECT count(*) FROM alert_incident"))
        weir.start()
        wait_until(lambda known=known: len(receiver.distinct()) > known, 30, "the webhook after the start")
        weir.await_sent()
        if taken == known:
            return True
    return False


@contextlib.contextmanager
def locked(database):
    """Nobody else changes deliveries meanwhile."""
    program = [database.postgres.bin / "psql", "-XqAt", "-h", "127.0.0.1", "-p", str(database.postgres.port), "-U", "weir", "-d", database.name]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        session.stdin.write("BEGIN;\nLOCK TABLE alert_delivery IN SHARE MODE;\n\\echo locked\n")
        session.stdin.flush()
        session.stdout.readline()
        yield
        session.communicate("ROLLBACK;\n")


# -------------------------------------------------------------------------------------------------------- shared


def shared(part, postgres, options):
    """two Weirs share deliveries over eight channels; then one is killed in the middle"""
    database = Database.make(postgres, "shared")
    weirs = [AlertingWeir(database).start()]
    weirs.append(AlertingWeir(database).start())

    def slowly(_, message):
        time.sleep(0.02)
        return answer(200)

    receivers = [Receiver(slowly) for _ in range(8)]
    channels = [weirs[0].channel(receiver.url) for receiver in receivers]
    weirs[0].rule(channels)
    total, owners = 0, []
    # A Weir that has begun with a channel goes on with it while there is something to send: waves, until both have begun.
    for wave in range(20):
        if total >= options.messages * 8 and len(owners) == 2:
            break
        fail_over(weirs, f"A{wave}-", max(3, options.messages // 4))
        total += max(3, options.messages // 4) * 8
        wait_until(lambda total=total: sum(len(receiver.messages) for receiver in receivers) >= total, 60, "all messages")
        weirs[0].await_sent()
        owners = database.sql("SELECT lease_owner, count(*) FROM alert_delivery GROUP BY 1")
    part.say(messages=total, shares=" and ".join(row[1] for row in owners))
    part.expect(len(owners) == 2, "both Weirs sent")
    for number, (channel, receiver) in enumerate(zip(channels, receivers)):
        expect_in_order(part, weirs[0], channel, receiver, [0], f"channel {number}")

    fail_over(weirs, "B", options.messages)
    third = total + options.messages * 8 // 3
    wait_until(lambda: sum(len(receiver.messages) for receiver in receivers) > third, 60, "a third of the messages")
    owner = database.value("SELECT lease_owner FROM alert_delivery WHERE status = 'sending' GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
    dead = next(weir for weir in weirs if owner.endswith(journal(weir)))
    dead.kill9()
    alive = next(weir for weir in weirs if weir is not dead)
    its = f"FROM alert_delivery WHERE status = 'sending' AND lease_owner = '{owner}'"
    left = int(database.value(f"SELECT count(*) {its}"))
    soon = database.value(f"SELECT bool_and(lease_until BETWEEN now() AND now() + interval '{LEASE} s') {its}")
    part.say(killed_with_messages_under_way=left)
    part.expect(left > 0 and soon == "t", f"they are the dead Weir's for {LEASE} s at most")
    began = time.monotonic()
    while options.hurry and time.monotonic() < began + 1:
        # Its sessions may take something more after its death, with what it had sent last.
        database.sql(f"UPDATE alert_delivery SET lease_until = now() WHERE status = 'sending' AND lease_owner = '{owner}'")
        time.sleep(0.2)
    wait_until(lambda: sum(len(receiver.distinct()) for receiver in receivers) == total + options.messages * 8, LEASE + 60, "all messages")
    alive.await_sent()
    part.say(all_sent_after_the_kill=f"{time.monotonic() - began:.1f} s")
    for number, (channel, receiver) in enumerate(zip(channels, receivers)):
        expect_in_order(part, alive, channel, receiver, [0, 1], f"channel {number}, a Weir killed")
    part.expect(alive.terminate() == 0, "it stops cleanly")


def fail_over(weirs, prefix, count):
    """Failures by both Weirs in turn."""
    for number in range(count):
        weirs[number % len(weirs)].fail(f"{prefix}{number}")


def journal(weir):
    """How the owner of a lease ends: the beginning of the journal's id."""
    return ":" + json.loads((weir.data / "journal.json").read_text())["journal"][:8]


# -------------------------------------------------------------------------------------------------------- outages


def stopped(part, postgres, options):
    """PostgreSQL stops at once while tasks fail"""
    own = Postgres()
    outage(part, own, lambda: own.stop("immediate"), own.start)


def hanging(part, postgres, options):
    """PostgreSQL hangs while tasks fail: its processes are stopped, and go on later"""
    own = Postgres()
    outage(part, own, lambda: signal_cluster(own, signal.SIGSTOP), lambda: signal_cluster(own, signal.SIGCONT))


def signal_cluster(postgres, number):
    """To the postmaster first when it is to stop, so that it starts nobody meanwhile."""
    for pid in [postgres.pid, *children(postgres.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def children(pid):
    return [int(child) for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def outage(part, postgres, leave, come_back):
    database = Database(postgres, "weir")
    weir, failures, watchers = AlertingWeir(database).start(), Receiver(), [Receiver(), Receiver()]
    mute = Receiver(hang)
    channel = weir.channel(failures.url)
    told = [weir.channel(receiver.url) for receiver in (mute, *watchers)]
    weir.rule([channel])
    down = weir.rule(told, name="PostgreSQL is away", trigger_kind="dependency_down", trigger_config={"for_seconds": 1}, send_resolved=True)
    weir.fail("P0")
    wait_until(lambda: failures.messages, 30, "the first message: the rules are known")
    weir.await_sent()
    leave()
    try:
        began = time.monotonic()
        weir.fail(*[f"P{number}" for number in range(1, 31)])
        wait_until(lambda: all(receiver.messages for receiver in watchers), 60, "a message about PostgreSQL")
        part.say(told_after=f"{time.monotonic() - began:.1f} s")
        weir.fail(*[f"P{number}" for number in range(31, 41)])
    finally:
        come_back()
    wait_until(lambda: len(failures.distinct()) == 41, 60, "what failed meanwhile")
    wait_until(lambda: all(len(receiver.messages) == 2 for receiver in watchers), 30, "the end of the outage")
    weir.await_sent()
    expect_in_order(part, weir, channel, failures, [0], "failures of an outage", weir.failed)
    for receiver in watchers:
        first, last = (message.json for message in receiver.messages)
        part.expect(first["alert"] == "dependency_down" and "PostgreSQL has not answered since" in first["summary"], f"told: {first['summary']}")
        part.expect(last.get("status") == "resolved", "the end is told, too")
    incidents = database.sql(f"SELECT status, resolved_by FROM alert_incident WHERE rule_id = '{down}'")
    part.expect(incidents == [["resolved", "condition"]], f"the incident is recorded, and over: {incidents}")
    recorded = [row[0] for row in database.sql(f"SELECT uuid FROM alert_delivery WHERE rule_id = '{down}' AND state = 'firing' AND status = 'sent'")]
    part.expect(sorted(recorded) == sorted(receiver.ids[0] for receiver in watchers), "so is each message that was sent, and no other")
    part.expect(weir.terminate() == 0, "it stops cleanly")


# ----------------------------------------------------------------------------------------------------------- disk


def disk(part, postgres, options):
    """the disk of the journal is nearly full, and then has no byte left"""
    if os.geteuid():
        return part.say(not_tried="mounting a small disk takes root")
    with small_disk(64) as place:
        nearly_full(part, postgres, place)


def nearly_full(part, postgres, place):
    warned, failing = Receiver(), Receiver(Failing(1))
    weir = AlertingWeir(Database.make(postgres, "disk"), place / "data", WEIR_JOURNAL_SEGMENT="1MiB").start()
    channel, other = weir.channel(warned.url), weir.channel(failing.url)
    weir.rule([channel], name="disk", trigger_kind="disk", trigger_config={"threshold_percent": 90}, send_resolved=True)
    weir.rule([other])
    weir.fail("P1")
    wait_until(lambda: failing.messages, 30, "the first message")
    part.expect(not warned.messages, "an empty disk is no alert")
    filler = fill(place, keep=4 << 20)
    wait_until(lambda: warned.messages, 30, "the alert of the disk")
    part.expect(warned.messages[0].json["alert"] == "disk", f"told: {warned.messages[0].json['summary']}")

    filler.rename(place / "filler-1")
    fill(place)
    padding = "x" * 10_000

    def is_refused():
        try:
            weir.happen("process_completed", "full", trace={"task_id": "1", "process": "P", "status": "COMPLETED", "script": padding})
        except RuntimeError as refusal:
            return "507" in str(refusal)
        return False

    wait_until(is_refused, 30, "a full disk")
    late = Receiver()
    rule = {"metric": "process.failed", "comparator": "ge", "threshold": 1, "aggregate": "sum", "window_minutes": 60}
    weir.rule([weir.channel(late.url)], name="many fail", trigger_kind="metric_threshold", trigger_config=rule)
    wait_until(lambda: late.messages, 30, "an alert of what is stored")
    part.expect(is_refused(), "on a full disk an alert of what is stored arrives")
    wait_until(lambda: len(failing.messages) == 2, 30, "a message that was not taken at first")
    part.expect(len(set(failing.ids)) == 1, "so does a message that was not taken at first")
    for name in ("filler", "filler-1"):
        (place / name).unlink()
    wait_until(lambda: len(warned.messages) == 2, 30, "the end of the alert")
    part.expect(warned.messages[1].json.get("status") == "resolved", "with room again the alert is over")
    part.expect(weir.terminate() == 0, "it stops cleanly")


# -------------------------------------------------------------------------------------------------------- hostile


def hostile(part, postgres, options):
    """receivers that hang, drip, fail, close, redirect, send a gigabyte or show a certificate that nobody knows"""
    trap = Receiver()
    receivers = {
        "hang": Receiver(hang),
        "drip": Receiver(drip),
        "fail": Receiver(Failing(1)),
        "close": Receiver(close_early),
        "redirect": Receiver(Redirecting(trap.url)),
        "gigabyte": Receiver(endless),
        "certificate": Receiver(ok, certificate=certificate()),
        "good": Receiver(),
    }
    weir = AlertingWeir(Database.make(postgres, "hostile"), WEIR_ALERTS_ATTEMPTS="2").start()
    channels = {name: weir.channel(receiver.url, name=name) for name, receiver in receivers.items()}
    weir.rule(list(channels.values()))
    weir.fail("P1")
    wait_until(lambda: receivers["hang"].messages, 30, "the one that hangs")
    weir.fail("P2", "P3")
    wait_until(lambda: len(receivers["good"].messages) == 3, 30, "the good receiver's messages")
    part.expect(len(set(receivers["hang"].ids)) == 1, "the good receiver has three messages while the one that hangs has not answered the first")
    part.expect(len(receivers["gigabyte"].messages) >= 1, "the one that sends a gigabyte got its messages")
    rows = weir.database.sql("SELECT DISTINCT ON (channel_id) channel_id, uuid FROM alert_delivery ORDER BY channel_id, position")
    first = {name: dict(rows)[channel] for name, channel in channels.items()}

    def histories():
        all_ = {delivery["uuid"]: delivery for delivery in weir.deliveries()}
        found = {name: all_[uuid] for name, uuid in first.items()}
        return found if all(delivery["status"] in ("sent", "failed") for delivery in found.values()) else None

    found = wait_until(histories, 60, "the outcome of each first message")
    for name, expected in HISTORIES.items():
        history = tuple(found[name][member] for member in ("status", "attempts", "http_status", "error"))
        part.expect(history == expected, f"{name}: {history}")
    part.expect(not trap.connections, "nobody followed the redirect")
    part.expect(not receivers["certificate"].messages, "nothing was said to the one with the unknown certificate")
    part.expect(weir.terminate() == 0, "it stops cleanly")


HISTORIES = {
    "hang": ("failed", 2, None, "no answer in time (given up after 2 attempts)"),
    "drip": ("failed", 2, None, "no answer in time (given up after 2 attempts)"),
    "fail": ("sent", 2, 200, None),
    "close": ("failed", 2, None, "the connection was closed before an answer came (given up after 2 attempts)"),
    "redirect": ("failed", 1, 307, "HTTP 307: a redirect, which is not followed; set the URL to where it leads"),
    "gigabyte": ("sent", 1, 200, None),
    "certificate": ("failed", 2, None, "no secure connection: SSL certificate problem: self-signed certificate (given up after 2 attempts)"),
    "good": ("sent", 1, 200, None),
}


def certificate():
    """A certificate of nobody's, and its key."""
    place = scratch("weir-certificate-")
    files = place / "certificate.pem", place / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    return files


# --------------------------------------------------------------------------------------------------- Alertmanager


def alertmanager(part, postgres, options):
    """a real Alertmanager receives, groups, is told again before it forgets, and resolves"""
    if not ALERTMANAGER:
        return part.say(not_tried="there is no prometheus-alertmanager")
    told = Receiver()
    with running_alertmanager(told.url) as url:
        weir = AlertingWeir(Database.make(postgres, "alertmanager")).start()
        weir.rule([weir.channel(url, kind="alertmanager")])
        weir.happen("started", "r1")
        weir.fail("ALIGN", "SORT", run="r1")
        wait_until(lambda: told.messages and len(told.messages[-1].json["alerts"]) == 2, 30, "a group of two alerts")
        group = told.messages[-1].json
        names = sorted(alert["labels"]["process"] for alert in group["alerts"])
        part.expect(group["status"] == "firing" and names == ["ALIGN", "SORT"], "two incidents of a run are one webhook of Alertmanager's")
        ends = wait_until(lambda: firing(url), 10, "alerts of Alertmanager")
        again = wait_until(lambda: later(ends, firing(url)), 30, "alerts that are told again")
        part.expect(len(again) == 2, "both are told again, and end later than at first")
        if not options.hurry:
            time.sleep(HOLD + 15)
            part.expect(firing(url).keys() == again.keys() and not resolved_processes(told), "they still fire when they would have ended")
        weir.happen("completed", "r1", metadata={"workflow": {"success": True, "exitStatus": 0}})
        resolved = wait_until(lambda: len(over := resolved_processes(told)) == 2 and over, 30, "the end of both")
        part.expect(resolved == {"ALIGN", "SORT"} and told.messages[-1].json["status"] == "resolved", "the success of the run resolves both")
        part.expect(firing(url) == {}, "Alertmanager has no alert any more")
        part.expect(weir.terminate() == 0, "it stops cleanly")


def resolved_processes(receiver):
    alerts = [alert for message in receiver.messages for alert in message.json["alerts"]]
    return {alert["labels"]["process"] for alert in alerts if alert["status"] == "resolved"}


def firing(url):
    """The ends of Alertmanager's alerts by their fingerprints."""
    answered = subprocess.run(["curl", "-sf", f"{url}/api/v2/alerts"], check=True, capture_output=True).stdout
    return {alert["fingerprint"]: alert["endsAt"] for alert in json.loads(answered)}


def later(before, now):
    """Those that are there now, if each ends later than before."""
    return now if now.keys() == before.keys() and all(now[key] > end for key, end in before.items()) else None


@contextlib.contextmanager
def running_alertmanager(hook):
    """An Alertmanager that groups by run and tells `hook`; its URL."""
    place, port = scratch("weir-alertmanager-"), free_port()
    route = {"receiver": "hook", "group_by": ["pipeline"], "group_wait": "1s", "group_interval": "1s", "repeat_interval": "1h"}
    hooks = [{"url": hook, "send_resolved": True}]
    settings = {"global": {"resolve_timeout": "5s"}, "route": route, "receivers": [{"name": "hook", "webhook_configs": hooks}]}
    (place / "alertmanager.yml").write_text(json.dumps(settings))
    url = f"http://127.0.0.1:{port}"
    program = [ALERTMANAGER, f"--config.file={place}/alertmanager.yml", f"--storage.path={place}/data"]
    program += ["--cluster.listen-address=", f"--web.listen-address=127.0.0.1:{port}"]
    with open(place / "log", "wb") as log, subprocess.Popen(program, stdout=log, stderr=log) as process:
        try:
            is_ready = ["curl", "-sf", "-o", "/dev/null", f"{url}/-/ready"]
            wait_until(lambda: subprocess.run(is_ready, check=False).returncode == 0, 30, "Alertmanager")
            yield url
        finally:
            process.terminate()


PARTS = {
    part.__name__: part
    for part in (killed, shared, stopped, hanging, disk, hostile, alertmanager)
}


if __name__ == "__main__":
    main()
