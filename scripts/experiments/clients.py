"""Real clients against one Weir: curl, Python, wrk, ab, Java and a Prometheus that scrapes for a minute; nothing is lost."""

import argparse
import gzip
import http.client
import http.server
import json
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.parse
import urllib.request

from harness import Postgres, Report, Weir, completion, expect_exactly_once, free_port, scratch, wait_until

JSON = "Content-Type: application/json"


class Trial:
    """One Weir, and what the clients sent it: each task once, except where a load generator repeats one event."""

    def __init__(self, report):
        self.report = report
        self.directory = scratch()
        self.socket = self.directory / "weir.sock"
        self.database = Postgres()
        self.weir = Weir(self.directory / "data", self.database.url, listen=f"127.0.0.1:0,unix:{self.socket}").start()
        self.url = f"http://127.0.0.1:{self.weir.port}"
        self.tasks = []
        self.skipped = []

    def event(self, name, padding=""):
        self.tasks.append(name)
        return completion("clients", name, padding=padding)

    def lines(self):
        return int(self.weir.metric("weir_journal_lines_total"))

    def settled_lines(self):
        """The lines when no request is under way any more: a generator leaves when its time is over, whatever it has sent."""
        before, after = -1, self.lines()
        while before != after:
            time.sleep(0.5)
            before, after = after, self.lines()
        return after

    def has(self, program):
        if shutil.which(program):
            return True
        self.skip(f"{program} is not installed")
        return False

    def skip(self, why):
        print(f"  SKIP {why}", flush=True)
        self.skipped.append(why)

    def run(self, *command, stdin=b"", timeout=120):
        result = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, timeout=timeout, check=False)
        return result.returncode, result.stdout.decode(errors="replace"), result.stderr.decode(errors="replace")


def curl(trial):
    """curl"""
    if not trial.has("curl"):
        return
    report, url = trial.report, trial.url
    telemetry, body = f"{url}/telemetry", trial.directory / "body"

    def ask(*arguments, stdin=b"", show="%{http_code} %{http_version}"):
        """(what --write-out says, the body, what -v said)"""
        body.unlink(missing_ok=True)
        _, told, log = trial.run("curl", "-sSv", "-o", body, "-w", show, *arguments, stdin=stdin)
        return told, body.read_bytes() if body.exists() else b"", log

    def posted(what, name, *arguments, padding="", version="1.1", pack=None, target=telemetry):
        event = trial.event(name, padding)
        told, answer, log = ask("-H", JSON, *arguments, target, stdin=pack(event) if pack else event)
        report.expect(told == f"200 {version}" and json.loads(answer) == json.loads(event), f"curl {what}: {told}")
        return log

    told, answer, _ = ask(f"{url}/health")
    report.expect(told == "200 1.1" and json.loads(answer)["status"] == "ok", f"curl GET: {told}")
    posted("--data-binary", "curl-1", "--data-binary", "@-")
    # RFC 9110 §6.2: Weir answers an HTTP/1.0 request with its own version.
    posted("--http1.0", "curl-2", "--http1.0", "--data-binary", "@-")
    log = posted("--expect100-timeout, 2 MB", "curl-3", "-H", "Expect: 100-continue", "--expect100-timeout", "60", "--data-binary", "@-", padding="x" * 2_000_000)
    report.expect("< HTTP/1.1 100 Continue" in log, "curl was told to continue")
    log = posted("-T -: a chunked upload of 3 MB", "curl-4", "-X", "POST", "-T", "-", padding="y" * 3_000_000)
    report.expect("> Transfer-Encoding: chunked" in log, "curl sent chunks")
    posted("with gzip", "curl-5", "-H", "Content-Encoding: gzip", "--data-binary", "@-", pack=gzip.compress)
    posted("--compressed, a large answer", "curl-6", "--compressed", "--data-binary", "@-", padding="z" * 1_000_000)
    posted("--unix-socket", "curl-7", "--unix-socket", trial.socket, "--data-binary", "@-")
    posted("--http2: stays with 1.1", "curl-8", "--http2", "--data-binary", "@-")
    posted("--tr-encoding", "curl-9", "--tr-encoding", "--data-binary", "@-")
    plain = ask(f"{url}/openapi.json")[1]
    told, packed, log = ask("--compressed", f"{url}/openapi.json", show="%{http_code} %{size_download}")
    status, size = map(int, told.split())
    report.expect(status == 200 and packed == plain and size < len(plain) / 3, f"curl --compressed: {size} for {len(plain)} bytes")
    told, _, log = ask("-I", f"{url}/openapi.json", show="%{http_code} %{size_download}")
    report.expect(told == "200 0" and f"Content-Length: {len(plain)}" in log, f"curl -I: {told}")
    _, told, _ = trial.run("curl", "-sS", "-o", os.devnull, "-w", "%{num_connects}\\n", f"{url}/health", "-o", os.devnull, f"{url}/version")
    report.expect(told.split() == ["1", "0"], f"curl with two URLs opens one connection: {told.split()}")
    told, _, _ = ask("--haproxy-protocol", f"{url}/health", show="%{http_code}")
    report.expect(told == "400", f"curl --haproxy-protocol is refused: {told}")
    _, told, _ = trial.run("curl", "-sSZ", "--parallel-max", "40", *[word for _ in range(200) for word in ("-o", os.devnull)],
                           "-w", "%{http_code}\\n", *[f"{url}/health"] * 200)
    report.expect(told.split() == ["200"] * 200, "curl --parallel: 200 at once")


def python_http_client(trial):
    """Python's http.client"""
    connection = http.client.HTTPConnection("127.0.0.1", trial.weir.port, timeout=30)
    connection.connect()
    local, statuses = connection.sock.getsockname(), set()
    for number in range(300):
        connection.request("POST", "/telemetry", trial.event(f"http.client-{number}"), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        statuses.add(answer.status)
        answer.read()
    event = trial.event("http.client-chunked", "c" * 100_000)
    pieces = (event[i : i + 999] for i in range(0, len(event), 999))
    connection.request("POST", "/telemetry", pieces, encode_chunked=True)
    answer = connection.getresponse()
    trial.report.expect(answer.status == 200 and answer.read() == event, "http.client: a chunked body comes back as it was sent")
    connection.request("HEAD", "/openapi.json")
    answer = connection.getresponse()
    trial.report.expect(answer.status == 200 and answer.read() == b"" and int(answer.headers["Content-Length"]) > 1000, "http.client: HEAD")
    isKept = connection.sock is not None and connection.sock.getsockname() == local
    trial.report.expect(statuses == {200} and isKept, f"http.client: 302 requests on one connection: {statuses}")


def python_requests(trial):
    """Python's requests"""
    try:
        import requests
    except ImportError:
        trial.skip("Python's requests is not installed")
        return
    with requests.Session() as session:
        statuses = {session.post(f"{trial.url}/telemetry", data=trial.event(f"requests-{i}"), headers={"Content-Type": "application/json"}).status_code
                    for i in range(300)}
        trial.report.expect(statuses == {200}, f"requests: 300 posts of one session: {statuses}")
        event = trial.event("requests-stream", "s" * 500_000)
        answer = session.post(f"{trial.url}/telemetry", data=(event[i : i + 7000] for i in range(0, len(event), 7000)))
        trial.report.expect(answer.status_code == 200 and answer.content == event, "requests: a generator as body, its answer in gzip")
        answer = session.get(f"{trial.url}/openapi.json")
        trial.report.expect(answer.headers["Content-Encoding"] == "gzip" and "paths" in answer.json(), "requests: gzip is undone")
        answer = session.post(f"{trial.url}/telemetry", json={"no": "event"})
        trial.report.expect(answer.status_code == 422 and "detail" in answer.json(), f"requests: no event: {answer.status_code}")
        answer = session.get(f"{trial.url}/health/", allow_redirects=False)
        trial.report.expect(answer.status_code == 200, f"requests: a trailing slash is served: {answer.status_code}")


def wrk(trial):
    """wrk"""
    if not trial.has("wrk"):
        return
    script = trial.directory / "post.lua"
    script.write_text(f"wrk.method = 'POST'\nwrk.body = [==[{trial.event('wrk').decode()}]==]\nwrk.headers['Content-Type'] = 'application/json'\n")
    before = trial.lines()
    _, told, _ = trial.run("wrk", "-t2", "-c32", "-d5s", "-s", script, f"{trial.url}/telemetry")
    answered, lines = int(re.search(r"(\d+) requests in", told).group(1)), trial.settled_lines() - before
    trial.report.say(wrk_answered=answered, lines=lines)
    trial.report.expect("Non-2xx" not in told and "Socket errors" not in told, "wrk: no error")
    # wrk leaves when its time is over: one request of each connection may still be under way.
    trial.report.expect(answered <= lines <= answered + 32, "wrk: a line for each answer")


def ab(trial):
    """ab, which speaks HTTP/1.0"""
    if not trial.has("ab"):
        return
    event = trial.directory / "event.json"
    event.write_bytes(trial.event("ab"))
    for name, flags in (("ab -k", ["-k"]), ("ab", [])):
        before = trial.lines()
        _, told, failed = trial.run("ab", "-q", "-n", 3000, "-c", 16, *flags, "-p", event, "-T", "application/json", f"{trial.url}/telemetry")
        lines, kept = trial.lines() - before, re.search(r"Keep-Alive requests:\s+(\d+)", told)
        isClean = re.search(r"Complete requests:\s+3000\b", told) and re.search(r"Failed requests:\s+0\b", told) and "Non-2xx" not in told
        trial.report.expect(bool(isClean) and lines == 3000, f"{name}: 3,000 posts, {lines} lines {failed.strip()[:200]}")
        if flags:
            trial.report.expect(kept and int(kept.group(1)) == 3000, "ab -k: connections are kept in HTTP/1.0, too")


JAVA = """
import java.io.*; import java.net.*; import java.net.http.*; import java.nio.charset.StandardCharsets;

public class Post {
    public static void main(String[] arguments) throws Exception {
        URL url = new URL(arguments[0] + "/telemetry");
        BufferedReader events = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        HttpClient modern = HttpClient.newHttpClient();
        int number = 0, good = 0;
        for (String event; (event = events.readLine()) != null; number++) {
            if (number % 2 == 0) {
                HttpURLConnection connection = (HttpURLConnection) url.openConnection();
                connection.setRequestMethod("POST");
                connection.setDoOutput(true);
                connection.setRequestProperty("Content-Type", "application/json");
                connection.getOutputStream().write(event.getBytes(StandardCharsets.UTF_8));
                byte[] answer = connection.getInputStream().readAllBytes();
                if (connection.getResponseCode() == 200 && new String(answer, StandardCharsets.UTF_8).equals(event)) good++;
            } else {
                HttpRequest request = HttpRequest.newBuilder(url.toURI()).header("Content-Type", "application/json")
                    .expectContinue(number % 4 == 1).POST(HttpRequest.BodyPublishers.ofString(event)).build();
                HttpResponse<String> answer = modern.send(request, HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == 200 && answer.body().equals(event)) good++;
            }
        }
        System.out.println(good);
    }
}
"""


def java(trial):
    """Java: HttpURLConnection, as the weblog client has it, and java.net.http, which offers h2c"""
    if not trial.has("java"):
        return
    source = trial.directory / "Post.java"
    source.write_text(JAVA)
    connections = trial.weir.metric("weir_http_connections_total")
    events = b"".join(trial.event(f"java-{i}", "j" * (i * 50)) + b"\n" for i in range(400))
    code, told, failed = trial.run("java", source, trial.url, stdin=events)
    # The two questions about connections are connections, too.
    opened = int(trial.weir.metric("weir_http_connections_total") - connections) - 1
    trial.report.expect(code == 0 and told.strip() == "400", f"java: {told.strip()} of 400 events came back {failed.strip()[-300:]}")
    trial.report.expect(opened <= 4, f"java keeps its connections: {opened} opened")


class TextOnly(http.server.BaseHTTPRequestHandler):
    """Hands a scrape on and asks for the older exposition, which this Prometheus can't be told to ask for."""

    weir = ""

    def do_GET(self):
        wanted = urllib.request.Request(self.weir + self.path, headers={"Accept": "text/plain;version=0.0.4", "Accept-Encoding": "gzip"})
        with urllib.request.urlopen(wanted, timeout=10) as answer:
            body = answer.read()
            self.send_response(answer.status)
            for name in ("Content-Type", "Content-Encoding"):
                if answer.headers[name]:
                    self.send_header(name, answer.headers[name])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_):
        pass


def prometheus(trial, seconds):
    """A real Prometheus, one scrape a second in either exposition"""
    if not trial.has("prometheus"):
        return
    TextOnly.weir = trial.url
    relay = http.server.ThreadingHTTPServer(("127.0.0.1", 0), TextOnly)
    threading.Thread(target=relay.serve_forever, daemon=True).start()
    port, home = free_port(), trial.directory
    targets = {"openmetrics": trial.weir.port, "text": relay.server_port}
    jobs = "".join(f"  - job_name: {name}\n    static_configs: [{{targets: ['127.0.0.1:{port_}']}}]\n" for name, port_ in targets.items())
    (home / "prometheus.yml").write_text(f"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{jobs}")
    command = ["prometheus", f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/tsdb", f"--web.listen-address=127.0.0.1:{port}"]
    with open(home / "prometheus.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        watch(trial, port, seconds)
    finally:
        process.terminate()
        process.wait(30)
        relay.shutdown()
    told = (home / "prometheus.log").read_text(errors="replace")
    complaints = [line for line in told.splitlines() if re.search("level=(error|warn)", line) and "SIGTERM" not in line]
    trial.report.expect(not complaints, f"Prometheus has nothing to complain about {complaints[:2] or ''}")


def watch(trial, port, seconds):
    report = trial.report

    def query(text):
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": text})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                result = json.load(answer)["data"]["result"]
        except OSError:
            return {}
        return {series["metric"].get("job", ""): float(series["value"][1]) for series in result}

    wait_until(lambda: len(query("up == 1")) == 2, 30, "both targets to be up")
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number += 1
        trial.weir.ask("POST", "/telemetry", trial.event(f"scraped-{number}"))
        time.sleep(0.25)
    time.sleep(3)  # a scrape of each target after the last event
    span = f"{int(seconds)}s"
    scrapes, worst = query(f"count_over_time(up[{span}])"), query(f"min_over_time(up[{span}])")
    slowest = query(f"max_over_time(scrape_duration_seconds[{span}])")
    lines, series = query("weir_journal_lines_total"), query("scrape_samples_post_metric_relabeling")
    report.say(scrapes=scrapes, slowest_seconds=slowest, samples=series)
    for job in ("openmetrics", "text"):
        report.expect(scrapes.get(job, 0) >= seconds * 0.9 and worst.get(job) == 1, f"{job}: up at each of {scrapes.get(job, 0):.0f} scrapes")
        report.expect(lines.get(job) == trial.lines(), f"{job}: weir_journal_lines_total is {lines.get(job)}, Weir says {trial.lines()}")
    median = query("histogram_quantile(0.5, sum by (job, le) (rate(weir_http_request_duration_seconds_bucket{route='/telemetry'}[30s])))")
    report.expect(all(0 < median.get(job, 0) < 1 for job in ("openmetrics", "text")), f"histograms can be asked: median {median} s")
    report.expect(query("count by (job) (weir_build_info)") == {"openmetrics": 1, "text": 1}, "series are there once")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scrape", type=float, default=60, help="seconds for which Prometheus scrapes; 0: not at all")
    options = parser.parse_args()
    report = Report("clients")
    trial = Trial(report)
    for client in (curl, python_http_client, python_requests, wrk, ab, java):
        print(f"  {client.__doc__}", flush=True)
        client(trial)
    if options.scrape:
        print(f"  {prometheus.__doc__}", flush=True)
        prometheus(trial, options.scrape)
    trial.weir.await_loaded()
    expect_exactly_once(report, trial.database, set(trial.tasks))
    stored = int(trial.database.value("SELECT count(*) FROM telemetry"))
    report.expect(stored == trial.lines(), f"rows of telemetry: {stored}, lines of the journal: {trial.lines()}")
    report.expect("BUG" not in trial.weir.log(), "no BUG in the log")
    report.say(skipped=trial.skipped or "nothing")
    report.end()


if __name__ == "__main__":
    main()
