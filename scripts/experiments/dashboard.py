"""Runs every query of deploy/grafana and deploy/prometheus on a real Prometheus that scrapes a real Weir."""

import argparse
import datetime
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from harness import ROOT, Report, Weir, free_port, scratch, wait_until

DASHBOARDS, RULES = sorted((ROOT / "deploy/grafana").glob("*.json")), sorted((ROOT / "deploy/prometheus").glob("*.rules.yml"))
# What Grafana fills in.
VARIABLES = {"$__rate_interval": "1m", "$__range": "1m", "[5m]": "[1m]", "[1h]": "[1m]"}
VARIABLES |= {f"${name}": ".*" for name in ("instance", "job", "process", "component")}
# Nobody answers there, so that two dependencies are down.
AWAY = "http://127.0.0.1:9/tap"
SETTINGS = {"WEIR_METRICS_REFRESH": "1s", "WEIR_METRICS_NAMES": "50", "WEIR_JOURNAL_RESERVE": "0", "WEIR_TAP_CASDA_URL": AWAY, "WEIR_TAP_VIZIER_URL": AWAY}
JSON = {"Content-Type": "application/json"}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    report = Report("dashboard")
    for program in ("prometheus", "promtool"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is needed: it comes with Debian's package prometheus")
    tests = sorted((ROOT / "deploy/prometheus").glob("*.rules_test.yml"))
    tested = subprocess.run(["promtool", "test", "rules", *tests], capture_output=True, text=True, check=False)
    report.expect(tested.returncode == 0, f"promtool test rules {tested.stdout if tested.returncode else ''}")
    weir = Weir(scratch() / "data", env=SETTINGS).start()
    home, port = scratch(), free_port()
    (home / "prometheus.yml").write_text(
        f"global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\nrule_files: {[str(path) for path in RULES]}\n"
        f"scrape_configs:\n  - job_name: weir\n    static_configs: [{{targets: ['127.0.0.1:{weir.port}']}}]\n"
        f"  - job_name: workers\n    metrics_path: /api/metrics/prometheus\n    honor_labels: true\n"
        f"    static_configs: [{{targets: ['127.0.0.1:{weir.port}']}}]\n"
    )
    command = ["prometheus", f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/tsdb", f"--web.listen-address=127.0.0.1:{port}"]
    with open(home / "prometheus.log", "wb") as log:
        prometheus = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        wait_until(lambda: ask(port, 'up{job="weir"} == 1'), 30, "the first scrape")
        feed(weir, 1)
        # A rate needs two scrapes that differ.
        wait_until(lambda: ask(port, "weir_nextflow_task_duration_seconds_count > 0"), 30, "the first runs to be scraped")
        feed(weir, 2)
        wait_until(lambda: ask(port, "rate(weir_nextflow_task_duration_seconds_count[1m]) > 0"), 30, "rates")
        wait_until(lambda: ask(port, "count(beampipe_dependency_up == 0) == 2"), 30, "two dependencies to be down")
        judge(report, port)
    finally:
        prometheus.terminate()
        prometheus.wait(30)
    weir.terminate()
    report.end()


def feed(weir, seed):
    """Runs of Nextflow with failures and retries, one that is at work, and a tracked run."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for event, status in [("process_submitted", "SUBMITTED"), ("process_started", "RUNNING")]:
        trace = {"task_id": status, "process": "ALIGN", "status": status, "attempt": 1}
        body = {"runId": "at-work", "runName": "load", "event": event, "utcTime": now, "trace": trace}
        weir.ask("POST", "/telemetry", json.dumps(body).encode(), headers=JSON)
    url = f"http://127.0.0.1:{weir.port}/telemetry"
    simulation = Weir(scratch()).start(wait=0, arguments=("simulate", "--runs", "2", "--tasks", "40", "--seed", str(seed), "--url", url))
    if simulation.process.wait(120):
        raise RuntimeError(simulation.log())
    begun = {"event_id": f"e{seed}", "run_id": "r", "agent_name": "agent", "job_type": "job", "start_time": "2026-01-01T00:00:00+00:00"}
    weir.ask("POST", "/api/v1/runs", json.dumps(begun).encode(), headers=JSON)
    weir.ask("PATCH", f"/api/v1/runs/e{seed}", b'{"status":"success"}', headers=JSON)
    feed_execution(weir)
    feed_pipeline(weir)
    feed_worker(weir)
    weir.await_loaded()


def feed_execution(weir):
    """An execution that has ended, one that nobody has begun with, and an event."""
    for ends in (True, False):
        body = {"project_module": "survey", "archive_name": "a.tar", "scheduler_name": "slurm", "sources": [{"source_identifier": "S1"}]}
        execution = json.loads(sent(weir, "POST", "/api/v2/executions", body))["uuid"]
        for status in ("running", "completed") if ends else ():
            sent(weir, "PATCH", f"/api/v2/executions/{execution}", {"status": status})
    sent(weir, "POST", "/api/v2/projects/survey/events", {"event_type": "quality.checked"})


def feed_pipeline(weir):
    """A pipeline whose stages have succeeded."""
    made = json.loads(sent(weir, "POST", "/pipelines", {"name": "orders", "stages": [{"stageName": "pay"}, {"stageName": "ship"}]}))
    for stage in made["stages"]:
        sent(weir, "POST", f"/stages/{stage['id']}/status", {"status": "Running"})
        sent(weir, "POST", f"/stages/{stage['id']}/result", {"isSuccess": True})


def feed_worker(weir):
    """A worker that reports, a sample of an SDK of OpenTelemetry, and a pushed group."""
    sent(weir, "POST", "/api/worker/pool/register", {"name": "pool-1", "runtime": "cpu", "capacity": 4})
    sent(weir, "POST", "/api/worker/pool/heartbeat", {"name": "pool-1"})
    names = ["worker_max_workers", "worker_active_tasks", "worker_queue_size"]
    metrics = [{"metric_name": f"noetl_{name}", "metric_type": "gauge", "metric_value": 4} for name in names]
    sent(weir, "POST", "/api/metrics/report", {"component_name": "pool-1", "metrics": metrics})
    point = {"asDouble": 1, "timeUnixNano": str(time.time_ns())}
    gauge = {"name": "temperature", "gauge": {"dataPoints": [point]}}
    sent(weir, "POST", "/v1/metrics", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [gauge]}]}]})
    answer = weir.ask("POST", "/metrics/job/backup", b"backup_bytes 1\n")
    if answer[0] != 200:
        raise RuntimeError(f"push: {answer}")


def sent(weir, method, path, body):
    """The body of the answer to a request that has to be taken."""
    status, _, answer = weir.ask(method, path, json.dumps(body).encode(), headers=JSON)
    if status >= 300:
        raise RuntimeError(f"{method} {path}: {status} {answer}")
    return answer


def judge(report, port):
    for path in DASHBOARDS:
        dashboard = json.loads(path.read_text())
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]).groups()
                series = attempt(report, port, filled(f"group by ({label}) ({selector})"), variable["name"])
                report.expect(series, f"{path.name}: variable '{variable['name']}' has {len(series or [])} values")
        for panel in (panel for panel in dashboard["panels"] if panel["type"] != "row"):
            for target in panel["targets"]:
                series = attempt(report, port, filled(target["expr"]), panel["title"])
                report.expect(series, f"{path.name}: panel '{panel['title']}' {target['refId']} shows {len(series or [])} series")
    judge_dependencies(report, port)
    judge_rules(report, port)


def judge_dependencies(report, port):
    """Dependencies that are down are counted: the sum of values that are 0 would always be 0."""
    panels = json.loads((ROOT / "deploy/grafana/beampipe.json").read_text())["panels"]
    expression = next(panel for panel in panels if panel["title"] == "Dependencies down")["targets"][0]["expr"]
    down = ask(port, expression)[0]["value"][1]
    report.expect(down == "2", f"panel 'Dependencies down' shows {down} of 2")


def filled(expression):
    """The expression as Grafana would send it."""
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    return expression


def judge_rules(report, port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/rules", timeout=10) as answer:
        rules = [rule for group in json.load(answer)["data"]["groups"] for rule in group["rules"]]
    for rule in rules:
        wrong = rule.get("lastError")
        report.expect(not wrong and attempt(report, port, rule["query"], rule["name"]) is not None, f"{rule['type']} rule {rule['name']} {wrong or ''}")
    texts = "".join(path.read_text() for path in [*DASHBOARDS, *RULES])
    unknown = {metric for metric in metrics_in(texts) if not ask(port, f'count({{__name__="{metric}"}})')}
    # Shown only where there is a replica or a backup.
    unknown -= {metric for metric in unknown if metric.startswith(("weir_replica_", "weir_backup_"))}
    # Series begin with the first one.
    unknown -= {"weir_journal_refused_lines_total", "weir_journal_damage_total", "weir_http_connections_refused_total"}
    unknown -= {"weir_nextflow_refused_requests_total", "weir_alerts", "weir_alert_deliveries_total"}
    unknown -= {"weir_remote_write_not_stored_total", "weir_otlp_not_stored_total"}
    report.expect(not unknown, f"every metric that is asked for exists {sorted(unknown) or ''}")


def metrics_in(text):
    return set(re.findall(r"\bweir_[a-z_]+", text)) - {"weir_build_info"}


def attempt(report, port, expression, what):
    """The series of an expression; None, and a failure, when Prometheus refuses it."""
    try:
        return ask(port, expression)
    except urllib.error.HTTPError as error:
        report.expect(False, f"{what}: {json.load(error).get('error')}")
        return None


def ask(port, expression):
    url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]["result"]
    except urllib.error.HTTPError as error:
        if error.code == 503:  # it is starting
            return []
        raise
    except OSError:
        return []


if __name__ == "__main__":
    main()
