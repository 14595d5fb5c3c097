"""Shared by the experiments: a Weir, a PostgreSQL, senders that record acknowledged events, and a report.

The tests import nothing from here. Every process listens on loopback, writes below one temporary directory, and is
ended by its process id when the experiment ends.
"""

import atexit
import contextlib
import ctypes
import dataclasses
import glob
import http.client
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

# What was started is ended, and what was written goes, however the experiment ends.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEIR = pathlib.Path(os.environ.get("WEIR_BIN", ROOT / ".build/release/weir"))


def scratch(prefix="weir-experiment-"):
    """A directory that goes when this program ends. Others may pass through it: PostgreSQL runs as another user."""
    path = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
    path.chmod(0o755)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what):
    """Asks again and again; the answer is the first one that is true."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def memory(pid):
    """Resident bytes of a process, and of what it shares with nobody: pages of files are the kernel's to drop."""
    fields = {}
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            name, _, value = line.partition(":")
            if name in ("VmRSS", "VmHWM", "RssAnon"):
                fields[name] = int(value.split()[0]) * 1024
    return fields


@contextlib.contextmanager
def small_disk(mebibytes):
    """A file system in memory; only root may mount one."""
    libc, path = ctypes.CDLL(None, use_errno=True), scratch("weir-disk-")
    if libc.mount(b"tmpfs", str(path).encode(), b"tmpfs", 0, f"size={mebibytes}m,mode=755".encode()):
        raise PermissionError(ctypes.get_errno(), "mounting a small disk needs root")
    try:
        yield path
    finally:
        libc.umount2(str(path).encode(), 2)


def fill(disk, keep=0):
    """Takes the rest of a disk, all but `keep` bytes, while others write to it.

    What does not fit as a whole is not taken at all: whoever writes at the same moment takes a page of it, so that
    smaller and smaller pieces are tried until the disk is full.
    """
    filler, size = disk / "filler", 0
    with open(filler, "wb", buffering=0) as file:
        piece = free_bytes(disk)
        while piece >= 4096 and free_bytes(disk) - keep >= 4096:
            piece = min(piece, free_bytes(disk) - keep)
            try:
                os.posix_fallocate(file.fileno(), size, piece)
                size += piece
            except OSError:
                piece //= 2
    if free_bytes(disk) > keep + (1 << 20):
        raise RuntimeError(f"{disk} could not be filled: {free_bytes(disk)} bytes are free")
    return filler


def free_bytes(disk):
    space = os.statvfs(disk)
    return space.f_bavail * space.f_frsize


class Weir:
    """The executable, as an operator runs it."""

    program = [WEIR]

    def __init__(self, data, database=None, listen="127.0.0.1:0", env=None):
        self.data = pathlib.Path(data)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "WEIR_DATA_DIR": str(self.data),
            "WEIR_LISTEN": listen,
            "WEIR_LOG_FORMAT": "text",
            **({"DATABASE_URL": database} if database else {}),
            **(env or {}),
        }
        self.process = None
        self.port = None
        self.logs = scratch("weir-log-")
        self.starts = 0
        atexit.register(self.kill9)

    def start(self, wait=60, arguments=("serve",)):
        """Starts it and, unless `wait` is 0, waits until it listens."""
        self.starts += 1
        self.port = None
        with open(self.output_path, "wb") as output, open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [*self.program, *arguments], env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=log
            )
        if wait:
            self.await_banner(wait)
        return self

    @property
    def output_path(self):
        return self.logs / f"{self.starts}.out"

    @property
    def log_path(self):
        return self.logs / f"{self.starts}.err"

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        """What the process that was started last wrote to its log."""
        return self.log_path.read_text(errors="replace")

    def await_banner(self, seconds):
        def banner():
            if self.process.poll() is not None:
                raise RuntimeError(f"weir ended with {self.process.returncode}:\n{self.log()}")
            return re.search(r"is ready at http://127\.0\.0\.1:(\d+)", self.output_path.read_text())

        self.port = int(wait_until(banner, seconds, "the banner").group(1))

    def get(self, path, timeout=30, headers=None):
        """(status, headers, body) of a GET."""
        return self.ask("GET", path, timeout=timeout, headers=headers)

    def ask(self, method, path, body=None, timeout=30, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def metric(self, name):
        """The sum of a metric's series, e.g. weir_loader_lag_lines; 0 when there is none."""
        text = self.get("/metrics")[2].decode()
        values = re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? ([0-9.eE+-]+)", text, re.MULTILINE)
        return sum(map(float, values))

    def await_loaded(self, seconds=120):
        """Waits until everything that is durable has become rows."""
        wait_until(lambda: self.metric("weir_loader_lag_lines") == 0, seconds, "loading")

    def kill9(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def terminate(self, seconds=30):
        """Asks it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


class Postgres:
    """A cluster of its own, on loopback, with everything durable as in production; one that is in `directory` is used again."""

    def __init__(self, settings=None, directory=None):
        self.bin = pathlib.Path(os.environ.get("WEIR_PG_BIN") or sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1])
        self.directory = pathlib.Path(directory or scratch("weir-pg-")) / "cluster"
        self.port = free_port()
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.settings = {"max_connections": "60", "logging_collector": "off", **(settings or {})}
        if os.geteuid() == 0:
            shutil.chown(self.directory.parent, self.user)
        is_new = not (self.directory / "PG_VERSION").exists()
        if is_new:
            self.run("initdb", "-D", self.directory, "-U", "weir", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.start()
        if is_new:
            self.run("createdb", "-h", "127.0.0.1", "-p", self.port, "-U", "weir", "weir")
        atexit.register(self.stop, "immediate" if directory is None else "fast")

    @property
    def url(self):
        return f"postgresql://weir@127.0.0.1:{self.port}/weir"

    def run(self, program, *arguments, check=True):
        command = [self.bin / program, *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        return subprocess.run(
            command, check=check, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd="/", env={**os.environ, "LC_ALL": "C.UTF-8"}
        )

    def start(self):
        options = " ".join(f"-c {name}='{value}'" for name, value in self.settings.items())
        options += f" -c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories=''"
        self.run("pg_ctl", "-D", self.directory, "-w", "-l", self.directory.parent / "log", "-o", options, "start")

    def stop(self, mode="fast"):
        if (self.directory / "postmaster.pid").exists():
            self.run("pg_ctl", "-D", self.directory, "-w", "-m", mode, "stop", check=False)

    @property
    def pid(self):
        return int((self.directory / "postmaster.pid").read_text().split()[0])

    def sql(self, text, database="weir", check=True):
        """Rows as lists of texts; NULL is an empty text."""
        result = subprocess.run(
            [self.bin / "psql", "-XqAt", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", "weir",
             "-d", database, "-c", text],
            check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL,
        )
        if check and result.returncode:
            raise RuntimeError(result.stderr)
        return [line.split("\x1f") for line in result.stdout.splitlines()]

    def value(self, text):
        return self.sql(text)[0][0]


class Database:
    """Another database of a server."""

    def __init__(self, postgres, name):
        self.postgres, self.name = postgres, name
        self.url = postgres.url.rpartition("/")[0] + "/" + name

    @classmethod
    def make(cls, postgres, name, template="template1"):
        """An empty one, or a copy; whatever had that name goes."""
        postgres.sql(f"DROP DATABASE IF EXISTS {name} (FORCE)", database="postgres")
        postgres.sql(f"CREATE DATABASE {name} TEMPLATE {template}", database="postgres")
        return cls(postgres, name)

    def sql(self, text):
        return self.postgres.sql(text, database=self.name)

    def value(self, text):
        return self.sql(text)[0][0]


def completion(run, task, utc="2026-11-20T22:00:00Z", process="P", padding=""):
    """A small weblog event of a task that has completed."""
    trace = {"task_id": task, "process": process, "status": "COMPLETED", "exit": 0, "attempt": 1, "script": padding}
    event = {"runId": run, "runName": "load", "event": "process_completed", "utcTime": utc, "trace": trace}
    return json.dumps(event).encode()


def post(body, path="/telemetry", host="t"):
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def read_response(stream):
    """(status, headers in lower case, body) of one answer with a length, from a file of a socket; None at its end."""
    line = stream.readline()
    if not line:
        return None
    status, headers = int(line.split()[1]), {}
    while (field := stream.readline().strip()):
        name, _, value = field.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return status, headers, body


@dataclasses.dataclass
class Senders:
    """Threads that post one event after another over a connection each, until told to stop.

    A sender whose connection breaks opens another, as the weblog client does; the event that was under way counts as
    unanswered: it may have been taken or not.
    """

    port: int
    count: int = 16
    prefix: str = "t"
    rate: float = 0  # events/s of all together; 0: as many as go
    padding: str = ""

    def __post_init__(self):
        self.acknowledged = []
        self.refused = []
        self.unanswered = []
        self.slowest = 0.0
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self._send, args=(i,), daemon=True) for i in range(self.count)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
        return self

    def reach(self, count, seconds=60):
        wait_until(lambda: len(self.acknowledged) >= count, seconds, f"{count} acknowledged events")

    def _send(self, sender):
        number, stream = 0, None
        due = time.monotonic()
        while not self.stopping.is_set():
            if self.rate:
                due += self.count / self.rate
                self.stopping.wait(max(0, due - time.monotonic()))
            number += 1
            task = f"{self.prefix}-{sender}-{number}"
            try:
                stream = stream or self._connect()
                began = time.monotonic()
                stream.write(self.request(sender, task))
                stream.flush()
                answer = read_response(stream)
                if answer is None:
                    raise ConnectionError("closed")
                self.slowest = max(self.slowest, time.monotonic() - began)
                (self.acknowledged if answer[0] == 200 else self.refused).append((task, answer[0]))
            except OSError:
                self.unanswered.append(task)
                stream = None
                self.stopping.wait(0.01)

    def request(self, sender, task):
        """The bytes that say it."""
        return post(completion(f"run-{sender}", task, padding=self.padding))

    def _connect(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection.makefile("rwb")

    @property
    def tasks(self):
        return [task for task, _ in self.acknowledged]


class Report:
    """Figures as they come, and at the end whether all expectations held: the exit code says so, too."""

    def __init__(self, title):
        self.title = title
        self.failures = []
        self.began = time.monotonic()
        print(f"# {title}", flush=True)

    def say(self, **figures):
        print("  " + "  ".join(f"{name.replace('_', ' ')}: {value}" for name, value in figures.items()), flush=True)

    def expect(self, holds, what):
        print(f"  {'ok  ' if holds else 'FAIL'} {what}", flush=True)
        if not holds:
            self.failures.append(what)
        return holds

    def end(self):
        seconds = time.monotonic() - self.began
        print(f"{self.title}: {'FAILED' if self.failures else 'passed'} in {seconds:.0f} s", flush=True)
        for failure in self.failures:
            print(f"  {failure}", flush=True)
        sys.exit(1 if self.failures else 0)


def expect_exactly_once(report, database, acknowledged):
    """Each acknowledged task is a row, and no line of a journal is two."""
    found = {row[0] for row in database.sql("SELECT task_id FROM task")}
    lost = set(acknowledged) - found
    twice = database.value("SELECT count(*) FROM (SELECT FROM telemetry GROUP BY journal_id, seq HAVING count(*) > 1) d")
    counted = database.value("SELECT coalesce(sum(rows), 0) FROM completion_rollup WHERE grain = 'year'")
    stored = database.value("SELECT count(*) FROM completion")
    report.say(acknowledged=len(acknowledged), found=len(found), lost=len(lost), lines_twice=twice, completions=stored)
    report.expect(not lost, "nothing acknowledged is lost")
    report.expect(twice == "0", "no line is applied twice")
    report.expect(counted == stored, "rollups count each completion once")
