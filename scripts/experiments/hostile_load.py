"""Compares an ordinary client's p50 and p99 under attack by slow, greedy, broken and lying clients with its quiet values."""

import argparse
import dataclasses
import gzip
import http.client
import multiprocessing
import os
import random
import resource
import signal
import socket
import statistics
import struct
import threading
import time
import zlib

import harness
from harness import Postgres, Report, Weir, completion, memory, post, read_response, scratch, wait_until

BUDGET = 2.0
EVENT = completion("hostile-load", "attack")


# MARK: the ordinary client


@dataclasses.dataclass
class Latencies:
    """Seconds of each answered request, and how many were not answered with 200."""

    posts: list = dataclasses.field(default_factory=list)
    gets: list = dataclasses.field(default_factory=list)
    failed: int = 0


def ordinary(port, seconds, posters=4, getters=2, rate=40):
    """Durable POSTs and GET /health at a fixed rate over kept connections, in a process of its own."""
    return in_process(lambda: _ordinary(port, seconds, posters, getters, rate))


def _ordinary(port, seconds, posters, getters, rate):
    result = Latencies()
    end = time.monotonic() + seconds

    def run(number, isPoster):
        stream = connect(port).makefile("rwb")
        due = time.monotonic() + random.random() / rate
        sent = 0
        while due < end:
            time.sleep(max(0, due - time.monotonic()))
            sent += 1
            request = post(completion(f"ordinary-{number}", f"{number}-{sent}")) if isPoster else b"GET /health HTTP/1.1\r\nHost: t\r\n\r\n"
            began = time.perf_counter()
            try:
                stream.write(request)
                stream.flush()
                answer = read_response(stream)
            except OSError:
                answer = None
            took = time.perf_counter() - began
            (result.posts if isPoster else result.gets).append(took)
            if not answer or answer[0] != 200:
                result.failed += 1
                stream = connect(port).makefile("rwb")
            # A late answer must not be followed by a burst, nor hide how many requests it would have met.
            due = max(due + 1 / rate, time.monotonic())

    threads = [threading.Thread(target=run, args=(i, i < posters)) for i in range(posters + getters)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return result


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else float("nan")


def in_process(work):
    """What `work` gives back, from a process of its own so that nobody's interpreter lock is in the figures."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.Process(target=lambda: sender.send(work()))
    child.start()
    sender.close()
    result = receiver.recv()
    child.join()
    return result


def connect(port, timeout=40):
    connection = socket.create_connection(("127.0.0.1", port), timeout=timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


# MARK: the attacks; each prepares, says so, and goes on until it is stopped


class Attack:
    """A niced process, so that what it costs is Weir's and not its own."""

    def __init__(self, work, port):
        self.ready = multiprocessing.Event()
        self.stopping = multiprocessing.Event()
        self.receiver, sender = multiprocessing.Pipe(duplex=False)
        self.process = multiprocessing.Process(target=self._run, args=(work, port, sender))
        self.process.start()
        sender.close()

    def _run(self, work, port, sender):
        os.nice(10)
        self.count = 0
        began, used = time.monotonic(), time.process_time()
        try:
            work(self, port)
        finally:
            self.ready.set()
            share = (time.process_time() - used) / max(0.001, time.monotonic() - began)
            sender.send((self.count, share))

    def every(self, seconds):
        """Ticks until the attack is stopped."""
        self.ready.set()
        due = time.monotonic()
        while not self.stopping.is_set():
            yield
            due = max(due + seconds, time.monotonic())
            self.stopping.wait(max(0, due - time.monotonic()))

    def stop(self):
        self.stopping.set()
        result = self.receiver.recv() if self.receiver.poll(60) else (0, float("nan"))
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
        return result


def nudge(connections, port, piece, opening, share):
    """Sends a piece on some of the connections; whoever was thrown out comes again."""
    for index in range(share, len(connections), 10):
        try:
            connections[index].send(piece)
        except BlockingIOError:
            pass
        except OSError:
            connections[index].close()
            connections[index] = opened(port, opening)


def opened(port, opening):
    connection = connect(port)
    connection.sendall(opening)
    connection.setblocking(False)
    return connection


def slow_heads(attack, port):
    """2,000 heads that arrive byte by byte, one byte a second."""
    drip(attack, port, 2000, b"GET /health HTTP/1.1\r\nHost: t\r\nX: ", b"x")


def slow_bodies(attack, port):
    """1,000 bodies of 1 MiB that arrive in 400 bytes a second."""
    drip(attack, port, 1000, b"POST /telemetry HTTP/1.1\r\nHost: t\r\nContent-Length: 1048576\r\n\r\n{", b" " * 400)


def drip(attack, port, count, opening, piece):
    connections = [opened(port, opening) for _ in range(count)]
    share = 0
    for _ in attack.every(0.1):
        nudge(connections, port, piece, opening, share)
        share = (share + 1) % 10
        attack.count += count // 10


def announcers(attack, port):
    """200 that announce 32 MiB and send nothing."""
    drip(attack, port, 200, b"POST /telemetry HTTP/1.1\r\nHost: t\r\nContent-Length: 33554432\r\n\r\n", b"")


def hoarders(attack, port):
    """20 that send 31 of 32 MiB, then 400 bytes a second: more than all bodies may hold."""
    opening = b"POST /telemetry HTTP/1.1\r\nHost: t\r\nContent-Length: 33554432\r\n\r\n{"
    connections = [opened(port, opening) for _ in range(20)]
    piece = b" " * (256 << 10)
    for _ in range(124):
        for connection in connections:
            try:
                connection.send(piece)
            except OSError:
                pass
        time.sleep(0.02)
    share = 0
    for _ in attack.every(0.1):
        nudge(connections, port, b" " * 400, opening, share)
        share = (share + 1) % 10
        attack.count += 2


def slow_readers(attack, port):
    """200 that ask for 6 MB of answers each and read 2 KB a second."""
    asking = b"GET /openapi.json HTTP/1.1\r\nHost: t\r\n\r\n" * 200
    readers = []
    for _ in range(200):
        reader = socket.socket()
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", port))
        reader.sendall(asking)
        reader.setblocking(False)
        readers.append(reader)
    share = 0
    for _ in attack.every(0.1):
        for reader in readers[share::10]:
            try:
                reader.recv(2048)
            except OSError:
                pass
        share = (share + 1) % 10
        attack.count += 20


def half_closed(attack, port):
    """200/s that end their side: in a head, in a body, and after a whole request."""
    openings = (b"GET /hea", post(EVENT)[:-20], b"GET /health HTTP/1.1\r\nHost: t\r\n\r\n")
    for _ in attack.every(0.005):
        with connect(port) as connection:
            connection.sendall(openings[attack.count % 3])
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
        attack.count += 1


def idle(attack, port):
    """10,000 connections that say nothing, or nothing more."""
    kept = []
    for number in range(10_000):
        connection = connect(port)
        if number % 2:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: t\r\n\r\n")
            connection.recv(4096)
        kept.append(connection)
    for _ in attack.every(0.5):
        attack.count = len(kept)


def pipelines(attack, port):
    """Pipelines of a thousand requests on 4 connections, 6 a second."""
    connections = [connect(port) for _ in range(4)]
    thousand = b"GET /health HTTP/1.1\r\nHost: t\r\n\r\n" * 1000
    for _ in attack.every(1 / 6):
        connection = connections[attack.count % 4]
        connection.sendall(thousand)
        seen = 0
        while seen < 1000:
            seen += connection.recv(1 << 20).count(b"HTTP/1.1 200")
        attack.count += 1


def event_pipelines(attack, port):
    """Pipelines of a thousand events on one connection, one after the other."""
    connection = connect(port)
    thousand = post(EVENT) * 1000
    for _ in attack.every(0.5):
        sender = threading.Thread(target=connection.sendall, args=(thousand,))
        sender.start()
        seen = 0
        while seen < 1000 and not attack.stopping.is_set():
            seen += connection.recv(1 << 20).count(b"HTTP/1.1 200")
        sender.join(5)
        attack.count += 1


def bombs_beyond(attack, port):
    """2 bombs a second that inflate beyond the limit: gzip, deflate, and many members."""
    shapes = [("gzip", gzip.compress(bytes(100 << 20), 9)), ("deflate", zlib.compress(bytes(100 << 20), 9)),
              ("gzip", gzip.compress(bytes(256 << 10), 9) * 400), ("gzip", gzip.compress(b"", 9) * 20_000)]
    for _ in attack.every(0.5):
        coding, bomb = shapes[attack.count % len(shapes)]
        throw(port, coding, bomb, len(bomb))
        attack.count += 1


def bombs_within(attack, port):
    """60 bombs of 63 MiB that never end, and then one more a second."""
    bomb = gzip.compress(bytes(63 << 20), 9)[:-30]
    thrown = [throw(port, "gzip", bomb, len(bomb) + 30, answered=False) for _ in range(60)]
    for _ in attack.every(1):
        thrown.append(throw(port, "gzip", bomb, len(bomb) + 30, answered=False))
        attack.count += 1


def throw(port, coding, bomb, length, answered=True):
    connection = connect(port)
    head = f"POST /telemetry HTTP/1.1\r\nHost: t\r\nContent-Encoding: {coding}\r\nContent-Length: {length}\r\n\r\n"
    try:
        connection.sendall(head.encode() + bomb)
        if answered:
            connection.recv(4096)
    except OSError:
        pass
    return connection


def large_events(attack, port):
    """An event of 16 MiB every two seconds, its answer asked for in gzip."""
    event = EVENT[:-1] + b',"x":"' + os.urandom(8 << 20).hex().encode() + b'"}'
    for _ in attack.every(2):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        client.request("POST", "/telemetry", event, {"Accept-Encoding": "gzip"})
        client.getresponse().read()
        client.close()
        attack.count += 1


def disconnects(attack, port):
    """200/s that vanish in the middle of a body, by a reset or by an end."""
    for _ in attack.every(0.005):
        connection = connect(port)
        connection.sendall(post(EVENT * 20)[: 1 + attack.count * 37 % 4000])
        if attack.count % 2:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        attack.count += 1


def churn(attack, port):
    """300/s new connections with one request each, half of them closed by Weir."""
    requests = (b"GET /health HTTP/1.1\r\nHost: t\r\n\r\n", b"GET /health HTTP/1.0\r\n\r\n")
    for _ in attack.every(1 / 300):
        with connect(port) as connection:
            connection.sendall(requests[attack.count % 2])
            connection.recv(4096)
        attack.count += 1


def garbage(attack, port):
    """200/s heads of random bytes, of fields without end, and of two lengths."""
    openings = (os.urandom(2000), b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 5000, post(EVENT).replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\n\r\n"))
    for _ in attack.every(0.005):
        with connect(port) as connection:
            try:
                connection.sendall(openings[attack.count % 3])
                connection.recv(4096)
            except OSError:
                pass
        attack.count += 1


ATTACKS = (slow_heads, slow_bodies, announcers, hoarders, slow_readers, half_closed, idle, pipelines, event_pipelines, bombs_beyond, bombs_within,
           disconnects, churn, garbage, large_events)
# No attack but honest work, which takes its share of the disk and of PostgreSQL: shown, not judged.
HONEST = (large_events,)


# MARK: the measurement


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(weir, seconds):
    began, used = time.monotonic(), cpu_seconds(weir.pid)
    latencies = ordinary(weir.port, seconds)
    return latencies, (cpu_seconds(weir.pid) - used) / (time.monotonic() - began)


def one_round(weir, work, seconds, report):
    """The ratio of p99 of posts and gets, and how many failed. Quiet, attack, quiet; the quiet value is that of both."""
    before, _ = measure(weir, seconds)
    attack = Attack(work, weir.port)
    wait_until(attack.ready.is_set, 120, f"{work.__name__} to be in place")
    during, share = measure(weir, seconds)
    rss = memory(weir.pid)["RssAnon"] >> 20
    count, own = attack.stop()
    wait_until(lambda: weir.metric("weir_http_open_connections") < 20, 60, "the attackers' connections to end")
    after, _ = measure(weir, seconds)
    figures, ratios = {}, []
    for name in ("posts", "gets"):
        quiet, loud = getattr(before, name) + getattr(after, name), getattr(during, name)
        ratios.append(percentile(loud, 0.99) / percentile(quiet, 0.99))
        for part, label in ((0.5, "p50"), (0.99, "p99")):
            figures[f"{name[:-1]}_{label}"] = f"{percentile(quiet, part):.2f} -> {percentile(loud, part):.2f} ms"
        figures[f"{name[:-1]}_ratio"] = f"{ratios[-1]:.2f}"
    report.say(failed=during.failed, **figures)
    report.say(attacker_did=count, attacker_cpu=f"{own:.0%}", weir_cpu=f"{share:.0%}", weir_private_memory=f"{rss} MiB")
    return (*ratios, during.failed)


def try_attack(weir, work, options, report):
    """Whether the median of the rounds keeps the budget: one checkpoint of PostgreSQL is more than any attack."""
    rounds = [one_round(weir, work, options.seconds, report) for _ in range(options.rounds)]
    posts, gets, failed = zip(*rounds)
    post_ratio, get_ratio = statistics.median(posts), statistics.median(gets)
    if options.answers_only:
        report.expect(not sum(failed), f"{work.__name__}: every ordinary request is answered")
        return
    holds = not sum(failed) and max(post_ratio, get_ratio) <= BUDGET
    what = f"every ordinary request is answered, median p99 x{post_ratio:.2f} for posts, x{get_ratio:.2f} for gets; at most x{BUDGET:.0f}"
    isHonest = work in HONEST
    report.expect(holds or isHonest, f"{work.__name__}: {what}{' (not judged)' if isHonest else ''}")


def few_descriptors(database, report):
    """With 300 descriptors Weir takes as many clients as leave the journal what it needs, and tells the others."""
    script = scratch() / "weir-300"
    script.write_text(f"#!/bin/sh\nulimit -n 300\nexec '{harness.WEIR}' \"$@\"\n")
    script.chmod(0o755)
    weir = Weir(scratch() / "data", database.url, env={"WEIR_JOURNAL_SEGMENT": "1MiB"})
    weir.program = [script]
    weir.start()
    first = connect(weir.port)
    others = [connect(weir.port) for _ in range(400)]
    refused = 0
    for other in others:
        try:
            other.sendall(b"GET /health HTTP/1.1\r\nHost: t\r\n\r\n")
            refused += b" 200 " not in other.recv(4096)[:20]
        except OSError:
            refused += 1
    stream, statuses = first.makefile("rwb"), []
    for number in range(40):  # of 100 kB: some segments begin meanwhile
        stream.write(post(completion("few", f"few-{number}", padding="x" * 100_000)))
        stream.flush()
        statuses.append(read_response(stream)[0])
    report.say(served=401 - refused, refused=refused)
    report.expect(100 < 401 - refused < 300, "some are served, the others refused")
    report.expect(set(statuses) == {200}, f"whoever is connected is served, across segments: {set(statuses)}")
    report.expect("ulimit" in weir.log() or "open files" in weir.log(), "the log says what to raise")
    for other in others:
        other.close()
    wait_until(lambda: weir.get("/health")[0] == 200, 10, "the next connection to be taken")
    weir.kill9()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attacks", nargs="*", help=f"some of {', '.join(work.__name__ for work in ATTACKS)}; all when none is named")
    parser.add_argument("--seconds", type=float, default=4, help="length of each of the three measurements of a round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of an attack, of which the median counts")
    parser.add_argument("--answers-only", action="store_true", help="judge that every ordinary request is answered, and not how soon")
    parser.add_argument("--descriptors", action="store_true", help="try few descriptors, too, when attacks are named")
    options = parser.parse_args()
    chosen = [work for work in ATTACKS if not options.attacks or work.__name__ in options.attacks]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    # As in many a shell: Weir raises its own.
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(1024, hard), hard))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    report = Report("hostile load")
    database = Postgres()
    # As by default but for a few connections more, so that the ordinary client finds room beside 10,000.
    weir = Weir(scratch() / "data", database.url, env={"WEIR_MAX_CONNECTIONS": "10100"}).start()
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    report.expect(hard >= 10_500, f"at most {hard} files may be open: 10,000 connections need 10,500 (ulimit -Hn)")
    measure(weir, 2)
    for work in chosen:
        print(f"  {work.__name__}: {work.__doc__}", flush=True)
        try_attack(weir, work, options, report)
    if not options.attacks or options.descriptors:
        print(f"  few_descriptors: {few_descriptors.__doc__}", flush=True)
        few_descriptors(database, report)
    weir.await_loaded()
    report.expect(weir.process.poll() is None and weir.get("/ready")[0] == 200, "Weir lives and is ready")
    report.expect("BUG" not in weir.log(), "no BUG in the log")
    report.end()


if __name__ == "__main__":
    main()
