"""Who follows provenance events hears each once, in one order, whichever process is killed; slow listeners cost little."""

import argparse
import http.client
import json
import os
import random
import resource
import selectors
import signal
import socket
import threading
import time
import uuid

from harness import Database, Postgres, Report, Weir, free_port, memory, scratch, wait_until

MIB = 1 << 20


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="kills, of a Weir or of PostgreSQL")
    parser.add_argument("--seconds", type=float, default=3, help="between two kills")
    parser.add_argument("--listeners", type=int, default=2000, help="connections of which memory is measured")
    options = parser.parse_args()
    report = Report("events")
    kills(report, options)
    many(report, options)
    report.end()


# --------------------------------------------------------------------------------------------------------- kills


def kills(report, options):
    """Two Weirs on one database; writers repeat until they are answered, listeners come back until the end."""
    postgres = Postgres()
    env = {"WEIR_PROVENANCE_HEARTBEAT": "1s"}
    weirs = [Weir(scratch() / "data", postgres.url, f"127.0.0.1:{free_port()}", env).start() for _ in range(2)]
    ports = [weir.port for weir in weirs]
    writers = [Writer(ports, number) for number in range(4)]
    listeners = [Listener(ports, number) for number in range(6)]
    # Who connects for the first time hears what comes from then on.
    wait_until(lambda: all(listener.connected for listener in listeners), 30, "the listeners")
    for writer in writers:
        writer.start()
    for number in range(options.rounds):
        time.sleep(options.seconds)
        if number % 3 == 2:
            kill9(postgres)
        else:
            weir = weirs[number % 2]
            weir.kill9()
            weir.start()
    time.sleep(options.seconds)
    written = [event for writer in writers for event in writer.end()]
    for weir in weirs:
        weir.await_loaded()
    wait_until(lambda: all(listener.has(written) for listener in listeners), 120, "the events at every listener")
    heard = [listener.end() for listener in listeners]
    connects = sum(listener.connects for listener in listeners)
    report.say(kills=options.rounds, written=len(written), listeners=len(listeners), connections=connects)
    report.expect(len(written) > 20 * options.rounds, "events were written all the time")
    report.expect(all(len(ids) == len(set(ids)) for ids in heard), "no listener heard an event twice")
    report.expect(all(set(written) <= set(ids) for ids in heard), "every listener heard every event that was acknowledged")
    report.expect(all(ids == heard[0] for ids in heard), "all listeners heard the same in the same order")
    order = [row[0] for row in postgres.sql("SELECT event_id FROM provenance_position ORDER BY position")]
    places = set(order)
    report.expect(heard[0] == [event for event in order if event in set(heard[0])], "it is the order of the places")
    rows = {row[0] for row in postgres.sql("SELECT id FROM provenance_events")}
    report.expect(rows == places, "every event has a place")
    for weir in weirs:
        report.expect(weir.terminate() == 0, "a Weir with listeners stops cleanly")
    postgres.stop()


def kill9(postgres):
    """Kills PostgreSQL's first process; the others notice, and it recovers when it starts."""
    os.kill(postgres.pid, signal.SIGKILL)

    def starts():
        try:
            postgres.start()
        except Exception:  # some of its processes are still there
            return False
        return True

    time.sleep(0.5)
    wait_until(starts, 60, "PostgreSQL after a kill")


class Writer(threading.Thread):
    """Posts events with ids of its own, each until somebody takes it: to one Weir, or to the other."""

    def __init__(self, ports, number):
        super().__init__(daemon=True)
        self.ports, self.random, self.stopped, self.written = ports, random.Random(number), False, []

    def run(self):
        while not self.stopped:
            event = str(uuid.uuid4())
            body = json.dumps({"id": event, "event_type": "experiment.written", "payload": {"n": len(self.written)}})
            while not self.post(body):
                time.sleep(0.05)
            self.written.append(event)
            time.sleep(0.005)

    def post(self, body):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.random.choice(self.ports), timeout=10)
            connection.request("POST", "/api/v2/projects/p/events", body, {"Content-Type": "application/json"})
            return connection.getresponse().status in (200, 201)
        except OSError:
            return False
        except http.client.HTTPException:
            return False

    def end(self):
        self.stopped = True
        self.join(60)
        return self.written


class Listener(threading.Thread):
    """Follows events as a browser does: when the connection ends, it comes back with the last id that it has."""

    def __init__(self, ports, number):
        super().__init__(daemon=True)
        self.ports, self.random = ports, random.Random(100 + number)
        self.stopped, self.connected, self.ids, self.connects = False, False, [], 0
        self.start()

    def run(self):
        while not self.stopped:
            try:
                self.follow()
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.05)

    def follow(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.random.choice(self.ports), timeout=30)
        headers = {"Last-Event-ID": self.ids[-1]} if self.ids else {}
        connection.request("GET", "/api/v2/events/stream?event_type=experiment.", headers=headers)
        answer = connection.getresponse()
        if answer.status != 200:
            return
        self.connects += 1
        event = None
        # Sometimes it leaves by itself.
        end = time.monotonic() + self.random.uniform(0.5, 6)
        while not self.stopped and time.monotonic() < end:
            line = answer.readline()
            if not line:
                return
            self.connected = True
            if line.startswith(b"id: "):
                event = line[4:].strip().decode()
            elif line == b"\n" and event:
                self.ids.append(event)
                event = None
        connection.close()

    def has(self, written):
        return len(set(self.ids)) >= len(written) and set(written) <= set(self.ids)

    def end(self):
        self.stopped = True
        return list(self.ids)


# --------------------------------------------------------------------------------------------------------- many


def many(report, options):
    """Many listeners, some of which read nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    postgres = Postgres()
    database = Database.make(postgres, "many")
    weir = Weir(scratch() / "data", database.url, env={"WEIR_PROVENANCE_HEARTBEAT": "2s"}).start()
    wait_until(lambda: weir.get("/ready")[0] == 200, 60, "readiness")
    post(weir, 100)
    time.sleep(2)
    before = memory(weir.pid)["RssAnon"]
    crowd = Crowd(weir.port, options.listeners)
    post(weir, 20)
    crowd.read(lambda: crowd.events >= 20 * options.listeners, 60)
    # One heartbeat for each, too.
    crowd.read(lambda: crowd.comments >= options.listeners, 30)
    after = memory(weir.pid)["RssAnon"]
    report.say(listeners=options.listeners, MiB_before=round(before / MIB, 1), MiB_after=round(after / MIB, 1))
    report.say(KiB_a_listener=round((after - before) / options.listeners / 1024, 1))
    report.expect(crowd.events == 20 * options.listeners, "each heard each event once")
    report.expect(weir.metric("weir_provenance_listeners") == options.listeners, "all of them listen")
    report.expect(after - before < 64 * MIB * options.listeners / 2000, "2,000 listeners cost less than 64 MiB")

    # Nobody reads any more, and events go on: 20 MB of them, which the buffer does not hold.
    began = time.monotonic()
    slowest = max(post(weir, 50, "x" * 50_000) for _ in range(8))
    stalled = memory(weir.pid)["RssAnon"]
    report.say(MiB_stalled=round(stalled / MIB, 1), slowest_post_ms=round(slowest * 1000), seconds=round(time.monotonic() - began, 1))
    # They wait with the same events, of which there is one copy.
    report.expect(stalled - before < 64 * MIB * options.listeners / 2000, "those that read nothing cost less than 64 MiB, too")
    wait_until(lambda: weir.metric("weir_provenance_listeners") == 0, 90, "the end of those who read nothing")
    slow = weir.metric("weir_http_requests_refused_total")
    report.expect(slow >= options.listeners, "the reason is counted")
    crowd.close()
    report.expect(weir.terminate() == 0, "it stops cleanly")
    postgres.stop()


def post(weir, count, text=""):
    """Posts events in arrays of 10; the longest of the requests in seconds."""
    longest = 0
    for _ in range(0, count, 10):
        body = json.dumps([{"event_type": "experiment.written", "payload": {"text": text}}] * min(count, 10))
        began = time.monotonic()
        status = weir.ask("POST", "/api/v2/projects/p/events", body, headers={"Content-Type": "application/json"})[0]
        longest = max(longest, time.monotonic() - began)
        if status != 201:
            raise RuntimeError(f"POST was answered {status}")
    return longest


class Crowd:
    """Many connections that follow events, read by one thread, and only while it is told to."""

    def __init__(self, port, count):
        self.selector, self.sockets, self.events, self.comments = selectors.DefaultSelector(), [], 0, 0
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(b"GET /api/v2/events/stream?event_type=experiment. HTTP/1.1\r\nHost: w\r\n\r\n")
            self.selector.register(connection, selectors.EVENT_READ)
            self.sockets.append(connection)
        waiting = set(self.sockets)
        end = time.monotonic() + 60
        while waiting and time.monotonic() < end:
            for key, _ in self.selector.select(1):
                if b"retry: 2000" in key.fileobj.recv(65536):
                    waiting.discard(key.fileobj)
        if waiting:
            raise TimeoutError(f"{len(waiting)} listeners were not let in")

    def read(self, is_enough, seconds):
        end = time.monotonic() + seconds
        while not is_enough() and time.monotonic() < end:
            for key, _ in self.selector.select(0.2):
                data = key.fileobj.recv(1 << 20)
                self.events += data.count(b"\nevent: ")
                self.comments += data.count(b": \n\n")

    def close(self):
        for connection in self.sockets:
            connection.close()


if __name__ == "__main__":
    main()
