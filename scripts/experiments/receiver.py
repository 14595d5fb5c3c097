"""A receiver of webhooks, as good or as bad as an experiment wants it: shared by experiments, like harness.py."""

import dataclasses
import http.server
import json
import socket
import ssl
import threading
import time


@dataclasses.dataclass(frozen=True)
class Message:
    """A request as it arrived."""

    path: str
    id: str  # `webhook-id` of Standard Webhooks
    body: bytes
    at: float

    @property
    def json(self):
        return json.loads(self.body)


def ok(_, message):
    """Takes it."""
    return answer(200)


def answer(status, body=b"{}", *fields):
    head = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", "Connection: close", *fields, "", ""]
    return "\r\n".join(head).encode() + body


class Receiver:
    """Keeps what arrives, and answers each request with the bytes that `respond(handler, message)` returns; with none if it returns none.

    `respond` runs on the thread of its connection: it may wait, write to the connection itself, or kill somebody. With
    `certificate`, (its file, the file of its key), the receiver speaks TLS.
    """

    def __init__(self, respond=ok, certificate=None):
        self.respond, self.messages, self.connections, self.scheme = respond, [], 0, "http"
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.receiver = self
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.context, self.scheme = context, "https"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}/hook"

    @property
    def ids(self):
        return [message.id for message in self.messages]

    def distinct(self):
        """The messages without repetitions, in the order in which each came first."""
        return list({message.id: message for message in reversed(self.messages)}.values())[::-1]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    context = None

    def finish_request(self, request, client_address):
        self.receiver.connections += 1
        if self.context:
            request.settimeout(10)
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        """Whoever it talks to may be killed, or not like its certificate."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.close_connection = True
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        message = Message(self.path, self.headers.get("webhook-id", ""), body, time.monotonic())
        self.server.receiver.messages.append(message)
        said = self.server.receiver.respond(self, message)
        if said:
            self.wfile.write(said)

    do_GET = do_POST

    def log_message(self, *_):
        """Says nothing."""


# ------------------------------------------------------------------------------------------ receivers at their worst


def hang(handler, _):
    """Never answers, and keeps the connection open until the sender closes it."""
    handler.connection.settimeout(60)
    while handler.connection.recv(1024):
        pass


def drip(handler, _):
    """Answers 200, a byte in 200 ms."""
    for byte in answer(200):
        handler.wfile.write(bytes([byte]))
        time.sleep(0.2)


def close_early(handler, _):
    """Closes the connection instead of an answer."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def endless(handler, _):
    """Answers 200 with a body of a gigabyte."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    for _ in range(1024):
        handler.wfile.write(b"x" * (1 << 20))


class Failing:
    """Answers 500 so many times, and 200 from then on."""

    def __init__(self, times):
        self.left, self.lock = times, threading.Lock()

    def __call__(self, _, message):
        with self.lock:
            self.left -= 1
            return answer(500, b"out of order") if self.left >= 0 else answer(200)


class Redirecting:
    """Sends everybody elsewhere."""

    def __init__(self, target):
        self.target = target

    def __call__(self, _, message):
        return answer(307, b"", f"Location: {self.target}")
