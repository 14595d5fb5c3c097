"""The rules of Prometheus and the routes of Alertmanager: that they parse, that each alert says what to do and is tested.

What needs a tool that isn't there (PyYAML, promtool, amtool) is left out.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from findings import Finding

FOLDER = "deploy/prometheus"
SCRAPE = f"{FOLDER}/prometheus.yml"
ROUTING = "deploy/alertmanager/alertmanager.yml"
ROUTES = "deploy/alertmanager/routes_test.yml"
RUNBOOK, METRICS = "docs/runbook.md", "docs/operations.md"
DASHBOARDS = "deploy/grafana"

SEVERITIES = {"critical", "warning", "info"}
_FIRING = re.compile(r'ALERTS\{alertname="(\w+)", alertstate="firing"\}')
_FAMILY = re.compile(r"(?<![\w:/.$])weir_[a-z0-9_]+")
_PART_OF_HISTOGRAM = re.compile(r"_(?:bucket|sum|count)$")


def check(root: Path) -> list[Finding]:
    return _tools(root) + _said_and_tested(root) + _families(root) + _routes(root)


def _tools(root: Path) -> list[Finding]:
    findings = []
    if shutil.which("promtool") is not None:
        rules, tests = _named(root, "*.rules.yml"), _named(root, "*.rules_test.yml")
        findings += _run(root, SCRAPE, "promtool", "check", "config", "--syntax-only", SCRAPE)
        findings += _run(root, FOLDER, "promtool", "check", "rules", *rules)
        findings += _run(root, FOLDER, "promtool", "test", "rules", *tests)
    if shutil.which("amtool") is not None:
        findings += _run(root, ROUTING, "amtool", "check-config", ROUTING)
    return findings


def _said_and_tested(root: Path) -> list[Finding]:
    try:
        import yaml
    except ImportError:
        return []
    try:
        rules = {path: yaml.safe_load((root / path).read_text()) for path in _named(root, "*.rules.yml")}
        tests = [yaml.safe_load((root / path).read_text()) for path in _named(root, "*.rules_test.yml")]
    except yaml.YAMLError as error:
        return [Finding(FOLDER, 1, "alert", " ".join(str(error).split()))]
    runbook = (root / RUNBOOK).read_text()
    findings = []
    for path, parsed in rules.items():
        findings += said(path, parsed, runbook)
        findings += [Finding(path, 1, "alert", advice) for advice in untested(parsed, tests)]
    return findings


def said(path: str, rules: dict[str, Any], runbook: str) -> list[Finding]:
    """Each alert says how bad it is, what happened, what to do, and where the runbook has more."""
    headings = set(re.findall(r"^#+ (\w+)$", runbook, re.MULTILINE))
    findings = []
    for rule in _alerts(rules):
        name, annotations = rule["alert"], rule.get("annotations", {})
        if rule.get("labels", {}).get("severity") not in SEVERITIES:
            findings.append(Finding(path, 1, "alert", f"{name}: its severity is none of {', '.join(sorted(SEVERITIES))}"))
        for wanted in ("summary", "description"):
            if not annotations.get(wanted):
                findings.append(Finding(path, 1, "alert", f"{name} has no {wanted}"))
        if annotations.get("runbook_url") != f"{RUNBOOK}#{name.lower()}":
            findings.append(Finding(path, 1, "alert", f"{name}: its runbook_url is not {RUNBOOK}#{name.lower()}"))
        if name not in headings:
            findings.append(Finding(RUNBOOK, 1, "alert", f"has no section {name}"))
    return findings


def untested(rules: dict[str, Any], tests: list[dict[str, Any]]) -> list[str]:
    """The alerts of which no test says that they fire, or none that they don't."""
    fires, is_quiet = set(), set()
    for test in (test for file in tests for test in file["tests"]):
        for asked in test.get("promql_expr_test", []):
            for name in _FIRING.findall(asked["expr"]):
                (fires if asked.get("exp_samples") else is_quiet).add(name)
    names = [rule["alert"] for rule in _alerts(rules)]
    return [f"no test shows that {name} fires" for name in names if name not in fires] + [
        f"no test shows when {name} does not fire" for name in names if name not in is_quiet
    ]


def _families(root: Path) -> list[Finding]:
    """Rules and dashboards ask for families that the manual lists; a test compares the manual with a running Weir."""
    listed = (root / METRICS).read_text()
    asked = {path: (root / path).read_text() for path in _named(root, "*.rules.yml")}
    findings = []
    for file in sorted((root / DASHBOARDS).glob("*.json")):
        path, dashboard = file.relative_to(root).as_posix(), json.loads(file.read_text())
        asked[path] = json.dumps([target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])])
        findings += [Finding(path, 1, "dashboard", advice) for advice in wrong_in(dashboard)]
    unknown = [(path, family) for path, text in asked.items() for family in unlisted(text, listed)]
    return findings + [Finding(path, 1, "metric", f"{METRICS} lists no {family}") for path, family in unknown]


def wrong_in(dashboard: dict[str, Any]) -> list[str]:
    """What Grafana would only show by a panel that lies on another, or a link that opens nothing."""
    advice = []
    panels = dashboard["panels"]
    if len({panel["id"] for panel in panels}) < len(panels):
        advice.append("two panels have the same id")
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        grid = panel["gridPos"]
        cells = {(x, y) for x in range(grid["x"], grid["x"] + grid["w"]) for y in range(grid["y"], grid["y"] + grid["h"])}
        if taken & cells or grid["x"] + grid["w"] > 24:
            advice.append(f"panel {panel['title']} lies on another, or beyond the edge")
        taken |= cells
    for url in re.findall(r'"url": "(/explore\?[^"]*)"', json.dumps(dashboard)):
        # What Grafana fills in has no quotes in it.
        panes = parse_qs(urlsplit(re.sub(r"\$\{[^}]*\}", "x", url)).query).get("panes", [""])[0]
        try:
            json.loads(panes)
        except ValueError:
            advice.append(f"a link to Explore is no JSON: {panes}")
    return advice


def unlisted(asked: str, listed: str) -> list[str]:
    """The families of Weir in `asked` that `listed` has not between backquotes."""
    known = set(re.findall(r"`(weir_\w+)`", listed))
    families = set(_FAMILY.findall(asked))
    return sorted(family for family in families if not {family, _PART_OF_HISTOGRAM.sub("", family)} & known)


def _routes(root: Path) -> list[Finding]:
    """Alerts go where the table of routes says."""
    if shutil.which("amtool") is None:
        return []
    try:
        import yaml
    except ImportError:
        return []
    findings = []
    for case in yaml.safe_load((root / ROUTES).read_text())["routes"]:
        labels = [f"{name}={value}" for name, value in case["labels"].items()]
        receivers = ",".join(case["receivers"])
        findings += _run(
            root, ROUTES, "amtool", "config", "routes", "test", f"--config.file={ROUTING}", f"--verify.receivers={receivers}", *labels
        )
    return findings


def _alerts(rules: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in rules["groups"] for rule in group["rules"] if "alert" in rule]


def _named(root: Path, pattern: str) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in (root / FOLDER).glob(pattern))


def _run(root: Path, path: str, *command: str) -> list[Finding]:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode == 0:
        return []
    said_by_tool = " ".join((done.stdout + done.stderr).split())
    return [Finding(path, 1, command[0], f"{' '.join(command[1:4])}: {said_by_tool}")]
