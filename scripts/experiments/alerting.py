"""Shared by experiments about alerts, like harness.py: a Weir with channels, rules and tasks that fail, and what became of its messages."""

import base64
import datetime
import json
import re
import time

from harness import Weir, scratch, wait_until

SETTINGS = {
    "WEIR_JOURNAL_RESERVE": "0",
    "WEIR_ALERTS_EVERY": "1s",
    "WEIR_ALERTS_GROUP_WAIT": "0",
    "WEIR_ALERTS_TIMEOUT": "1s",
    "WEIR_ALERTS_DEFAULT_RULES": "false",
    "WEIR_ALERTS_REPEAT": "10s",
    # Weirs that share a database need the same.
    "WEIR_SECRET_KEY": base64.b64encode(bytes(32)).decode(),
}
JSON = {"Content-Type": "application/json"}
LEASE = 33  # seconds: three times WEIR_ALERTS_TIMEOUT, and 30 s
FAILED_TASKS = {"trigger_kind": "event", "trigger_config": {"events": ["stage_failed"]}}
WAITING = "SELECT count(*) FROM alert_delivery WHERE status IN ('pending', 'sending', 'retrying')"


class Part:
    """What a part found: printed when it is over, since others run at the same time."""

    def __init__(self, report):
        self.report, self.lines, self.began = report, [], time.monotonic()

    def say(self, **figures):
        self.lines.append("  " + "  ".join(f"{name.replace('_', ' ')}: {value}" for name, value in figures.items()))

    def expect(self, holds, what):
        self.lines.append(f"  {'ok  ' if holds else 'FAIL'} {what}")
        if not holds:
            self.report.failures.append(what)
        return holds


class AlertingWeir(Weir):
    """A Weir, its failing tasks, and what it says of its messages."""

    def __init__(self, database, data=None, **env):
        super().__init__(data or scratch() / "data", database.url, env={**SETTINGS, **env})
        self.database = database
        self.failed = []  # the processes whose failures were acknowledged, in their order

    def change(self, path, body, method="POST"):
        """The answer to a change; what is refused is an error of the experiment."""
        status, _, text = self.ask(method, f"/api/v2/{path}", json.dumps(body).encode(), headers=JSON)
        if status not in (200, 201):
            raise RuntimeError(f"{method} {path} was answered {status}: {text.decode()}")
        return json.loads(text)

    def channel(self, url, kind="webhook", name=None):
        """Adds a channel; its id."""
        return self.change("notification-channels", {"name": name or url, "kind": kind, "config": {"url": url}})["uuid"]

    def rule(self, channels, **members):
        """Adds a rule for failed tasks, or another one."""
        usual = {"name": "a task failed", "severity": "error", "cooldown_seconds": 0, "channel_ids": channels, **FAILED_TASKS}
        return self.change("alert-rules", {**usual, **members})["uuid"]

    def fail(self, *processes, run="run"):
        """Sends a failed task of each process. Each is an incident of its own; all are acknowledged."""
        for process in processes:
            trace = {"task_id": process, "process": process, "name": process, "attempt": 1}
            trace |= {"status": "FAILED", "exit": 1, "error_action": "TERMINATE"}
            self.happen("process_completed", run, trace=trace)
            self.failed.append(process)

    def happen(self, event, run, **members):
        # Tasks that failed in the same second have no order of their own.
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        body = {"runId": run, "runName": run, "event": event, "utcTime": now, **members}
        status = self.ask("POST", "/telemetry", json.dumps(body).encode(), headers=JSON)[0]
        if status != 200:
            raise RuntimeError(f"an event was answered {status}")

    def deliveries(self, **parameters):
        query = "&".join(f"{name}={value}" for name, value in {"limit": 500, **parameters}.items())
        return json.loads(self.get(f"/api/v2/alert-deliveries?{query}")[2])

    def await_sent(self, seconds=30):
        wait_until(lambda: self.database.value(WAITING) == "0", seconds, "everything sent")


def failed_task(message):
    return re.search(r"stage (.+?) failed", message.json["summary"]).group(1)


def expect_in_order(part, weir, channel, receiver, extra, what, failed=()):
    """Each message of a channel arrived, in order; besides, as many as `extra` permits came once more, with the same id and body.

    The order is that of the table; where `failed` says what one Weir was told, in which order, also that one.
    """
    due = [row[0] for row in weir.database.sql(f"SELECT uuid FROM alert_delivery WHERE channel_id = '{channel}' ORDER BY position")]
    found = [message.id for message in receiver.distinct()]
    more = len(receiver.messages) - len(found)
    bodies = {(message.id, message.body) for message in receiver.messages}
    figures = f"{len(found)} of {len(due)} messages arrived, {len(set(due) - set(found))} are lost, {more} came once more"
    if failed:
        found, due = [failed_task(message) for message in receiver.distinct()], failed
    is_whole = due and found == due and more in extra and len(bodies) == len(found)
    figures += "" if found == due else ", NOT in their order"
    figures += "" if len(bodies) == len(found) else ", CHANGED"
    part.expect(is_whole, f"{what}: {figures}")
