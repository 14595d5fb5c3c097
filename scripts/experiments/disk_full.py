"""Fills the journal's disk: the reserve, 507, a restart meanwhile, and events taken again when there is room."""

import argparse
import http.client
import os
import threading
import time

from harness import Postgres, Report, Senders, Weir, completion, expect_exactly_once, fill, small_disk, wait_until
from tower import TowerRun

PADDING = "x" * 1500
JSON = {"Content-Type": "application/json"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=1000, help="events/s")
    options = parser.parse_args()
    report = Report("disk_full")
    if os.geteuid():
        report.expect(False, "needs root, to mount a small disk")
        report.end()
    postgres = Postgres()
    with small_disk(64) as disk:
        fill_and_free(report, postgres, disk, options.rate)
    report.end()


def fill_and_free(report, postgres, disk, rate):
    weir = Weir(disk / "data", postgres.url, env={"WEIR_JOURNAL_RESERVE": "8MiB", "WEIR_JOURNAL_SEGMENT": "4MiB"})
    weir.start()
    wait_until(lambda: weir.metric("weir_journal_reserve_held") == 1, 30, "the reserve")
    run = TowerRun(weir.port, "tower", patience=120).create().begin()
    run.progress(submitted=range(3))
    senders = Senders(weir.port, 16, rate=rate, padding=PADDING)
    senders.reach(500)
    filler = fill(disk, keep=1 << 20)
    use_up(report, weir, senders)
    senders.stop()
    weir.await_loaded()
    expect_exactly_once(report, postgres, senders.tasks)
    more = restart(report, weir, disk)
    towards_the_end(report, weir, run)
    filler.unlink()
    more += resume(report, weir, rate)

    run.complete()
    weir.await_loaded()
    expect_exactly_once(report, postgres, senders.tasks + more)
    states = postgres.sql("SELECT t.task_id, t.completed FROM task t JOIN run r ON r.run_key = t.run_key WHERE r.run_name = 'tower'")
    report.expect(sorted(states) == [["1", "f"], ["2", "f"], ["3", "f"]], f"of the run, what was taken is there: {sorted(states)}")
    report.expect(weir.metric("weir_journal_damage_total") == 0, "nothing in the journal is damaged")
    found = {row[0] for row in postgres.sql("SELECT task_id FROM task")}
    refused = {task for task, _ in senders.refused}
    report.expect(not refused & found, "what was refused is not there: a client that repeats it is right")
    report.expect(weir.terminate() == 0, "it stops cleanly")


def use_up(report, weir, senders):
    """First the disk, then the reserve."""
    wait_until(lambda: weir.metric("weir_journal_reserve_held") == 0, 60, "the reserve to be given up")
    taken = len(senders.acknowledged)
    report.say(until_the_reserve_was_given_up=taken, refused_by_then=len(senders.refused))
    report.expect(not senders.refused, "no event is refused before the reserve is used up")
    report.expect(weir.get("/ready")[0] == 503, "/ready says so")
    wait_until(lambda: senders.refused, 60, "the disk to be really full")
    by_reserve = len(senders.acknowledged) - taken
    report.say(taken_by_the_reserve=by_reserve)
    report.expect(by_reserve > 1000, "the reserve takes thousands of events more")
    time.sleep(3)
    expect_507(report, weir)
    report.expect({status for _, status in senders.refused} == {507}, "every refusal was a 507")


def towards_the_end(report, weir, run):
    """A call of Tower's client: 503 for a minute, so that it comes again, and then 200, so that its run goes on."""
    run.ports, run.statuses, began = [weir.port], set(), time.monotonic()
    lost = weir.metric("weir_tower_lost_calls_total")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(run.progress(completed=range(3))))
    thread.start()
    time.sleep(5)
    report.expect(run.statuses == {503} and not answers, f"a call is answered with 503: {run.statuses}")
    thread.join(120)
    seconds = time.monotonic() - began
    report.say(answered_after=f"{seconds:.0f} s", sent_again=run.resent, answer=answers)
    report.expect(bool(answers and answers[0] and answers[0]["status"] == "KO") and 55 < seconds < 80, "after a minute with 200 and KO")
    report.expect(weir.metric("weir_tower_lost_calls_total") == lost + 1, "the lost call is counted")


def restart(report, weir, disk):
    """By SIGTERM and by kill -9, on the full disk; what was taken in the little room that a stop had made."""
    print("  -- a restart while the disk is full", flush=True)
    report.expect(weir.terminate() == 0, "it stops cleanly")
    weir.start()
    taken = full_again(report, weir, disk)
    weir.kill9()
    weir.start()
    taken += full_again(report, weir, disk)
    report.expect(weir.get("/metrics/processes/summary")[0] == 200, "killed on a full disk, it starts again and answers")
    return taken


def resume(report, weir, rate):
    print("  -- room again", flush=True)
    began = time.monotonic()
    wait_until(lambda: post(weir, "resumed")[0] == 200, 30, "service")
    report.say(service_after=f"{time.monotonic() - began:.2f} s")
    wait_until(lambda: weir.metric("weir_journal_reserve_held") == 1, 60, "the reserve to be taken again")
    report.say(reserve_after=f"{time.monotonic() - began:.1f} s")
    wait_until(lambda: weir.get("/ready")[0] == 200, 30, "/ready")
    after = Senders(weir.port, 16, prefix="after", rate=rate)
    after.reach(1000)
    after.stop()
    report.expect(not after.refused, "no event is refused any more")
    return ["resumed", *after.tasks]


def post(weir, task):
    try:
        return weir.ask("POST", "/telemetry", completion("single", task, padding=PADDING), headers=JSON)
    except (OSError, http.client.HTTPException):
        return 0, {}, b""


def expect_507(report, weir):
    answers = [post(weir, f"refused-{number}") for number in range(5)]
    status, fields, body = answers[0]
    report.say(status=status, retry_after=fields.get("Retry-After"), body=body.decode()[:120])
    refused = all(answer[0] == 507 and answer[1].get("Retry-After") for answer in answers)
    report.expect(refused, "an event gets 507 with Retry-After")
    report.expect(weir.get("/metrics/processes/summary")[0] == 200, "reads work as ever")
    report.expect(weir.get("/health")[0] == 200 and weir.get("/ready")[0] == 503, "/health is 200, /ready is 503")


def full_again(report, weir, disk):
    """A stop cuts what was written ahead, so that there may be a little room: it is used up, too."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    taken = []
    for number in range(5000):
        task = f"restarted-{weir.starts}-{number}"
        if post(weir, task)[0] != 200:
            break
        taken.append(task)
    report.say(free_after_the_start=free, taken=len(taken))
    expect_507(report, weir)
    return taken


if __name__ == "__main__":
    main()
