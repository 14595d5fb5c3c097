"""wrk, and nginx as its yardstick."""

import atexit
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import free_port, scratch, wait_until
from machine import cpu_seconds

SCRIPT = pathlib.Path(__file__).with_name("load.lua")
THREADS = 1
CONNECTIONS = 64


@dataclasses.dataclass
class Load:
    """What wrk saw: times in milliseconds, its own CPU in seconds. `requests` were all answered with 2xx."""

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    max: float
    cpu: float

    @property
    def rate(self):
        return self.requests / self.seconds


def wrk(url, seconds, *arguments, until=None, script=SCRIPT, connections=CONNECTIONS):
    """Runs wrk for some seconds, or until something is true.

    Anything but 2xx and any broken connection is an error, since figures with them mean nothing.
    """
    command = ["wrk", f"-t{THREADS}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", script, url, "--"]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([*command, *map(str, arguments)], stdout=output, stderr=output)
        try:
            if until:
                wait_until(until, seconds, "the end of a load")
                process.send_signal(signal.SIGINT)  # wrk reports what it did so far
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    found = re.search(r"^FIGURES (.*)$", text, re.MULTILINE)
    if process.returncode or not found:
        raise RuntimeError(f"wrk ended with {process.returncode}:\n{text}")
    figures = json.loads(found.group(1))
    refused, broken = figures.pop("refused"), figures.pop("broken")
    if refused or broken or not figures["requests"]:
        raise RuntimeError(f"{refused} requests refused, {broken} broken:\n{text}")
    return Load(**figures, cpu=usage.ru_utime + usage.ru_stime)


def weblog(port, seconds, until=None, padding=0):
    """Posts events of new tasks, with so many bytes more than 870."""
    url = f"http://127.0.0.1:{port}/telemetry"
    return wrk(url, seconds, "weblog", time.time_ns() // 1000000, padding, until=until)


class Nginx:
    """Answers every request with 200 and nothing else.

    `return 200` discards the body: nginx reads it, in the same call as the head, and looks at none of it. That is the
    least that any server has to do, and so the strictest yardstick.
    """

    CONFIGURATION = """
        daemon off; pid {directory}/pid; error_log {directory}/error.log; worker_processes auto;
        events {{ worker_connections 16384; }}
        http {{
            access_log off; keepalive_requests 1000000000; keepalive_timeout 75s; client_max_body_size 32m;
            client_header_buffer_size 8k; client_body_buffer_size 64k;
            client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; default_type application/json;
            fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
            server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "{answer}"; }} }}
        }}
    """

    def __init__(self, answer=""):
        self.directory = scratch("weir-nginx-")
        self.port = free_port()
        configuration = self.directory / "nginx.conf"
        configuration.write_text(
            self.CONFIGURATION.format(directory=self.directory, port=self.port, answer=answer.replace('"', '\\"'))
        )
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = subprocess.Popen(
            [program, "-p", self.directory, "-c", configuration], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        atexit.register(self.stop)
        wait_until(self._listens, 10, "nginx")

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def cpu(self):
        return cpu_seconds(self.process.pid)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
