"""Listeners: what 2,000 connections that follow provenance events cost in memory, and what they cost ingest.

The yardstick is the same Weir with the same events and without listeners.
"""

import ctypes
import json
import multiprocessing
import resource
import selectors
import signal
import socket
import statistics
import threading
import time

from figures import spread
from harness import memory, wait_until
from load import wrk
from machine import PAGE
from trial import Trial, cluster

LISTENERS = 2000
MIB = 2**20
SMALL, LARGE = 300, 50_000
# Connections, and milliseconds of rest before each request: about 2,000 events/s.
CLIENTS, PAUSE = 64, 30
MARK = b"\nevent: bench."


class Heard(ctypes.Structure):
    _fields_ = [(name, ctypes.c_longlong) for name in ("connected", "events", "bytes", "ended")]


class Crowd:
    """A process with many connections to the live stream, which reads what comes, or nothing."""

    def __init__(self, port, reads, query=""):
        self.heard = multiprocessing.Value(Heard, lock=False)
        self.process = multiprocessing.Process(target=follow, args=(port, reads, query, self.heard), daemon=True)
        self.process.start()
        wait_until(lambda: self.heard.connected == LISTENERS, 120, "the listeners")

    def stop(self):
        self.process.kill()
        self.process.join()


def follow(port, reads, query, heard):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    selector = selectors.EpollSelector()
    for _ in range(LISTENERS):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(f"GET /api/v2/events/stream{query} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        answer = b""
        while b"retry: 2000" not in answer:
            answer += connection.recv(4096)
        # A mark may come in two pieces.
        selector.register(connection, selectors.EVENT_READ, bytearray())
        heard.connected += 1
    while not reads:
        time.sleep(3600)
    while True:
        for key, _ in selector.select():
            piece = key.fileobj.recv(1 << 18)
            if not piece:
                selector.unregister(key.fileobj)
                heard.ended += 1
                continue
            heard.bytes += len(piece)
            heard.events += piece.count(MARK) + (key.data + piece[:len(MARK) - 1]).count(MARK)
            key.data[:] = piece[1 - len(MARK):] if len(piece) >= len(MARK) else (key.data + piece)[1 - len(MARK):]


class Poster(threading.Thread):
    """Posts events of a size at a rate until it is ended."""

    def __init__(self, weir, size, rate):
        super().__init__(daemon=True)
        self.weir, self.rate, self.ending, self.posted, self.failure = weir, rate, threading.Event(), 0, None
        self.body = json.dumps({"event_type": "bench.written", "payload": {"text": "x" * size}})
        self.start()

    def run(self):
        due = time.monotonic()
        while not self.ending.is_set():
            status = self.weir.ask("POST", "/api/v2/projects/bench/events", self.body, headers={"Content-Type": "application/json"})[0]
            if status != 201:
                self.failure = status
                return
            self.posted += 1
            due += 1 / self.rate
            self.ending.wait(max(0, due - time.monotonic()))

    def end(self):
        self.ending.set()
        self.join(60)
        if self.failure:
            raise RuntimeError(f"an event was answered {self.failure}")
        return self.posted


class Watch(threading.Thread):
    """The most resident memory of a process, and of the sockets of this machine in its kernel, of looks every 50 ms."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.ending, self.most, self.kernel = pid, threading.Event(), 0, 0
        self.start()

    def run(self):
        while not self.ending.wait(0.05):
            self.most = max(self.most, memory(self.pid)["VmRSS"])
            self.kernel = max(self.kernel, sockets())

    def end(self):
        self.ending.set()
        self.join()
        return self.most / MIB, self.kernel / MIB


def sockets():
    with open("/proc/net/sockstat") as lines:
        fields = next(line.split() for line in lines if line.startswith("TCP:"))
    return PAGE * int(fields[fields.index("mem") + 1])


# ------------------------------------------------------------------------------------------------------------ memory


class Held:
    """The most memory while so many events a second are posted, beside listeners or none."""

    def __init__(self, postgres, seconds, size, rate, listeners, reads=True):
        trial = Trial(postgres)
        weir = trial.weir
        poster = Poster(weir, size, rate)
        time.sleep(2)
        poster.end()
        crowd = Crowd(weir.port, reads) if listeners else None
        watch, before = Watch(weir.pid), trial.cpu()
        began, poster = time.monotonic(), Poster(weir, size, rate)
        time.sleep(seconds)
        posted = poster.end()
        if crowd and reads:
            wait_until(lambda: crowd.heard.events >= posted * LISTENERS, 60, "the events at every listener")
            if crowd.heard.events != posted * LISTENERS:
                raise RuntimeError(f"{posted} events, {crowd.heard.events} heard")
        self.seconds = time.monotonic() - began
        self.rate = posted / seconds
        self.memory, self.kernel = watch.end()
        self.listening = weir.metric("weir_provenance_listeners")
        self.cpu = [after - earlier for after, earlier in zip(trial.cpu(), before)]
        self.heard = crowd.heard.events / self.seconds if crowd else 0
        if crowd:
            crowd.stop()
        trial.end()


CASES = [
    ("2,000 listeners that read, small events", SMALL, 10, True),
    ("2,000 listeners that read, events of 50 KB", LARGE, 2, True),
    ("2,000 listeners that read nothing, events of 50 KB", LARGE, 40, False),
]


def held(postgres, options, table):
    for what, size, rate, reads in CASES:
        pairs = []
        for number in range(options.runs):
            none = Held(postgres, options.seconds, size, rate, listeners=False)
            pairs.append((none, Held(postgres, options.seconds, size, rate, listeners=True, reads=reads)))
            print(f"  {what} {number + 1}: {none.memory:.1f} MiB without, {pairs[-1][1].memory:.1f} with, {pairs[-1][1].rate:.1f} events/s,"
                  f" {pairs[-1][1].heard:,.0f} heard/s, {pairs[-1][1].listening:.0f} listen in the end", flush=True)
        none, some = zip(*pairs)
        table.limit(f"{what}: memory", [ours.memory - theirs.memory for theirs, ours in pairs], " MiB", most=64)
        table.add("… resident, beside none", spread([x.memory for x in some], " MiB"), spread([x.memory for x in none], " MiB"))
        table.limit("… events posted", [x.rate for x in some], "/s")
        if reads:
            table.limit("… events heard", [x.heard for x in some], "/s")
            table.limit("… CPU of Weir, an event heard", [1e6 * (x.cpu[0] - y.cpu[0]) / x.heard / x.seconds for x, y in zip(some, none)], " µs")
        table.limit("… the kernel's memory of all sockets", [x.kernel for x in some], " MiB")


# ------------------------------------------------------------------------------------------------------------ ingest


class Beside:
    """Latency of ingest beside listeners: of other events than those that ingest makes, of all, or of none."""

    def __init__(self, postgres, seconds, query=None, reads=True):
        trial = Trial(postgres)
        weir = trial.weir
        load(weir, 2)
        crowd = Crowd(weir.port, reads, query) if query is not None else None
        poster, before = Poster(weir, SMALL if reads else LARGE, 4), trial.cpu()
        self.load = load(weir, seconds)
        self.cpu = [after - earlier for after, earlier in zip(trial.cpu(), before)]
        self.posted = poster.end()
        self.sent = weir.metric("weir_provenance_sent_total")
        if crowd:
            crowd.stop()
        trial.end()


def load(weir, seconds):
    return wrk(f"http://127.0.0.1:{weir.port}/telemetry", seconds, "weblog", time.time_ns() // 1000000, 0, PAUSE, connections=CLIENTS)


def beside(postgres, options, table):
    turns = []
    for number in range(options.runs):
        turns.append((
            Beside(postgres, options.seconds), Beside(postgres, options.seconds, "?event_type=bench."),
            Beside(postgres, options.seconds, "", reads=False),
        ))
        print(f"  {number + 1}: p99 " + ", ".join(f"{x.load.p99:.1f} ms" for x in turns[-1]) + "; sent "
              + ", ".join(f"{x.sent / x.load.seconds:,.0f}/s" for x in turns[-1]), flush=True)
    none, few, stalled = zip(*turns)
    rate = statistics.median(x.load.rate for x in none)
    for what, ours in ((f"p99 of {rate:,.0f} events/s beside 2,000 listeners of 4 other events/s", few),
                       ("… beside 2,000 that read nothing", stalled)):
        ratios = [x.load.p99 / y.load.p99 for x, y in zip(ours, none)]
        table.add(what, spread([x.load.p99 for x in ours], " ms"), spread([x.load.p99 for x in none], " ms"), spread(ratios),
                  "≤ 1.5", statistics.median(ratios) <= 1.5)
    table.limit("… events heard meanwhile", [x.sent / x.load.seconds for x in few], "/s")


def run(options, table):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * LISTENERS), hard))
    postgres = cluster()
    held(postgres, options, table)
    beside(postgres, options, table)
    postgres.stop("immediate")
