"""A collector of OTLP over HTTP that decodes every request as far as its spans, and counts them by their ids.

It is a process of its own: its CPU time is not that of the benchmark. What it says was received was received.
"""

import ctypes
import multiprocessing
import selectors
import signal
import socket

from machine import cpu_seconds

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"
# Weir's own spans have a resource with this attribute; those of runs have not.
OWN = b"telemetry.sdk.name"


class Counts(ctypes.Structure):
    _fields_ = [(name, ctypes.c_longlong) for name in ("requests", "bytes", "own", "runs", "distinct")]


class Collector:
    """Answers every POST with 200 and an empty message."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.counts = multiprocessing.Value(Counts)
        self.process = multiprocessing.Process(target=serve, args=(self.listener, self.counts), daemon=True)
        self.process.start()

    def read(self):
        """Spans of Weir's own requests, of runs, distinct ones of runs, requests, and bytes so far."""
        with self.counts.get_lock():
            return {name: getattr(self.counts.get_obj(), name) for name, _ in Counts._fields_}

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def stop(self):
        self.process.kill()
        self.process.join()
        self.listener.close()


def serve(listener, counts):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    selector, seen = selectors.DefaultSelector(), set()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(connection, selectors.EVENT_READ, Reader(connection))
                continue
            body = key.data.receive()
            if body is None:
                selector.unregister(key.fileobj)
                key.fileobj.close()
            elif body:
                note(body, counts, seen)
                key.fileobj.sendall(ANSWER)


class Reader:
    """Collects one request at a time from a connection; the client waits for each answer."""

    def __init__(self, connection):
        self.connection, self.data, self.head, self.length = connection, bytearray(), 0, 0

    def receive(self):
        """The body of a request that is complete; b"" while it is not, None at the end."""
        piece = self.connection.recv(1 << 20)
        if not piece:
            return None
        self.data += piece
        if not self.head:
            end = self.data.find(b"\r\n\r\n")
            if end < 0:
                return b""
            self.head = end + 4
            fields = bytes(self.data[:end]).lower()
            self.length = int(fields.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            if b"expect: 100-continue" in fields:
                self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if len(self.data) < self.head + self.length:
            return b""
        body = bytes(self.data[self.head:self.head + self.length])
        self.data, self.head = bytearray(), 0
        return body


def parts(data, at, end):
    """The fields of a message whose fields are all messages: number, begin and end."""
    while at < end:
        number, length, shift = data[at] >> 3, 0, 0
        while True:
            at += 1
            length |= (data[at] & 0x7F) << shift
            shift += 7
            if data[at] < 0x80:
                break
        yield number, at + 1, at + 1 + length
        at += 1 + length


def note(body, counts, seen):
    own = runs = 0
    for _, begin, end in parts(body, 0, len(body)):
        is_own, found = False, 0
        for number, first, last in parts(body, begin, end):
            if number == 1:
                is_own = body.find(OWN, first, last) >= 0
            elif number == 2:
                for kind, start, stop in parts(body, first, last):
                    if kind != 2:
                        continue
                    # A span begins with its trace id and its own id.
                    if body[start] != 0x0A or body[start + 1] != 16 or body[start + 18] != 0x12 or body[start + 19] != 8 or stop < start + 28:
                        raise ValueError("a span without ids")
                    found += 1
                    if not is_own:
                        seen.add(body[start + 2:start + 28])
        own, runs = own + found * is_own, runs + found * (not is_own)
    with counts.get_lock():
        total = counts.get_obj()
        total.requests += 1
        total.bytes += len(body)
        total.own += own
        total.runs += runs
        total.distinct = len(seen)
