"""An nginx that balances several Weirs round-robin, for scale.py and other experiments."""

import atexit
import shutil
import subprocess

from harness import Weir, free_port, scratch, wait_until

CONFIGURATION = """
daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log warn; {user}
events {{ worker_connections 4096; }}
http {{
    access_log off; client_max_body_size 32m; client_body_buffer_size 1m;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/f;
    uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
    upstream weir {{ {servers} {keepalive} }}
    server {{
        listen 127.0.0.1:{port} backlog=1024; keepalive_requests 1000000;
        location / {{ proxy_pass http://weir; proxy_http_version 1.1; proxy_set_header Connection "{connection}"; }}
    }}
}}
"""


class Balancer:
    """nginx, one request after another to the next Weir; with `keepalive` it keeps its connections to them."""

    def __init__(self, ports, keepalive=True):
        self.port, self.home = free_port(), scratch("weir-nginx-")
        (self.home / "conf").write_text(CONFIGURATION.format(
            home=self.home, port=self.port, user="user root;",
            servers=" ".join(f"server 127.0.0.1:{port} max_fails=1 fail_timeout=1s;" for port in ports),
            keepalive="keepalive 64;" if keepalive else "", connection="" if keepalive else "close",
        ))
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin") or "nginx"
        self.process = subprocess.Popen(
            [nginx, "-p", self.home, "-c", self.home / "conf"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        atexit.register(self.stop)
        wait_until(lambda: (self.home / "pid").exists(), 10, "nginx")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()


class Group:
    """Some Weirs on one database, each with its own data directory and port, behind a round-robin."""

    def __init__(self, count, database, keepalive=True, env=None):
        home = scratch("weir-group-")
        self.weirs = [
            Weir(home / str(number), database, listen=f"127.0.0.1:{free_port()}", env=env).start() for number in range(count)
        ]
        self.balancer = Balancer([weir.port for weir in self.weirs], keepalive)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.balancer.stop()
        for weir in self.weirs:
            weir.kill9()

    @property
    def port(self):
        return self.balancer.port

    def await_loaded(self, seconds=120):
        for weir in self.weirs:
            weir.await_loaded(seconds)

    def elected(self):
        """Which Weirs say that they do the maintenance jobs."""
        return [weir for weir in self.weirs if weir.metric("weir_maintenance_leader") == 1]
