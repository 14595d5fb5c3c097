"""Compose file, environment template, recipes, service unit: that they parse, and that they agree.

What needs a tool that isn't there (PyYAML, just, systemd-analyze) is left out.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from findings import Finding

COMPOSE, TEMPLATE, RECIPES = "docker-compose.yml", "env_template", "justfile"
IMAGE, CONTEXT, MANIFEST = "Dockerfile", ".dockerignore", "Package.swift"
UNITS = ["deploy/weir.service", "deploy/weir-agent.service"]
MANIFESTS = "deploy/kubernetes"
EXAMPLES = ["deploy/tempo", "deploy/otel-collector"]
# What Prometheus scrapes of Weir: its own metrics, and those of workers.
SCRAPED = {"/metrics", "/api/metrics/prometheus"}

# The settings, in the order of who decides: the declarations in the code, then what has to repeat it.
SETTINGS = ["Sources/**/*Settings.swift", "Sources/**/ServerSettings+*.swift"]
REPEAT_SETTINGS = [TEMPLATE, "docs/configuration.md"]

_SETTING = re.compile(r"\bWEIR_[A-Z0-9_]*[A-Z0-9]\b")
_DECLARED = re.compile(r'(?<=")WEIR_[A-Z0-9_]+(?=",)')


def check(root: Path) -> list[Finding]:
    units = [finding for unit in UNITS for finding in _unit(root, unit)]
    return _image(root) + _compose(root) + _recipes(root) + units + _manifests(root) + _examples(root) + _settings(root)


def _image(root: Path) -> list[Finding]:
    """SwiftPM wants the folder of every target, so the image copies them all, and the context has them all."""
    if not (root / IMAGE).is_file():
        return []
    custom = re.findall(r'\bpath: "([^"/]+)', (root / MANIFEST).read_text())
    copied = set(re.findall(r"^COPY (\S+) ", (root / IMAGE).read_text(), re.MULTILINE))
    context = set(re.findall(r"^!(\S+)$", (root / CONTEXT).read_text(), re.MULTILINE))
    findings = []
    for folder in sorted({"Sources", "Tests", *custom}):
        if folder not in copied:
            findings.append(Finding(IMAGE, 1, "image", f"does not copy {folder}, which {MANIFEST} names"))
        if folder not in context:
            findings.append(Finding(CONTEXT, 1, "image", f"leaves out {folder}, which {MANIFEST} names"))
    return findings


def _compose(root: Path) -> list[Finding]:
    try:
        import yaml
    except ImportError:
        return []
    text = (root / COMPOSE).read_text()
    try:
        parsed = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        return [Finding(COMPOSE, mark.line + 1 if mark else 1, "compose", str(getattr(error, "problem", error)))]

    findings = []
    for name, service in parsed["services"].items():
        line = _line_of(text, f"  {name}:")
        findings += [Finding(COMPOSE, line, "compose", f"{name}: {advice}") for advice in _service(service)]
    offered = set(re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", (root / TEMPLATE).read_text(), re.MULTILINE))
    for match in re.finditer(r"\$\{([A-Z0-9_]+)", text):
        if match.group(1) not in offered:
            line = text.count("\n", 0, match.start()) + 1
            findings.append(Finding(COMPOSE, line, "compose", f"{match.group(1)} is not offered in {TEMPLATE}"))
    return findings + passwords_in_urls(text) + versions(text, (root / IMAGE).read_text())


def passwords_in_urls(compose: str) -> list[Finding]:
    """A password with `@` or `/` in it makes another URL: it comes as PGPASSWORD."""
    advice = "puts a password into a URL, where it would have to be percent-encoded: PGPASSWORD takes it as it is"
    return [
        Finding(COMPOSE, number, "compose", advice)
        for number, line in enumerate(compose.splitlines(), start=1)
        if re.search(r"://\S*\$\{\w*PASSWORD", line)
    ]


def versions(compose: str, image: str) -> list[Finding]:
    """pg_dump in the image has to be of the version of the server that compose brings, or it refuses to dump."""
    default = re.search(r"^ARG POSTGRES_MAJOR=(\d+)$", image, re.MULTILINE)
    if default is None or '"postgresql-client-${POSTGRES_MAJOR}"' not in image:
        return [Finding(IMAGE, 1, "image", "installs no postgresql-client-${POSTGRES_MAJOR}")]
    wanted = f"${{POSTGRES_MAJOR:-{default.group(1)}}}"
    return [
        Finding(COMPOSE, 1, "compose", f"says no '{place}', and so not the version of pg_dump in {IMAGE}")
        for place in (f"image: postgres:{wanted}-alpine", f"POSTGRES_MAJOR: {wanted}")
        if place not in compose
    ]


def _service(service: dict[str, Any]) -> list[str]:
    advice = []
    for port in service.get("ports", []):
        if not str(port).startswith("127.0.0.1:"):
            advice.append(f"publishes {port}: on 127.0.0.1 only")
    if "true" in str(service.get("environment", {}).get("WEIR_ALLOW_ANONYMOUS", "")).lower():
        advice.append("lets everybody in by default: WEIR_ALLOW_ANONYMOUS is for the operator to set")
    for wanted in ("profiles", "healthcheck"):
        if wanted not in service:
            advice.append(f"has no {wanted}")
    return advice


def _recipes(root: Path) -> list[Finding]:
    if shutil.which("just") is None:
        return []
    listed = _run(root, "just", "--justfile", RECIPES, "--summary")
    if listed.returncode != 0:
        located = re.search(r"justfile:(\d+)", listed.stderr)
        line = int(located.group(1)) if located else 1
        return [Finding(RECIPES, line, "recipes", listed.stderr.strip().splitlines()[0])]
    findings = []
    text = (root / RECIPES).read_text()
    for recipe in listed.stdout.split():
        tried = _run(root, "just", "--justfile", RECIPES, "--dry-run", recipe)
        if tried.returncode != 0:
            line = _line_of(text, recipe)
            findings.append(Finding(RECIPES, line, "recipes", tried.stderr.strip().splitlines()[0]))
    return findings


def _unit(root: Path, unit: str) -> list[Finding]:
    path = root / unit
    findings = restarts(unit, path.read_text())
    if shutil.which("systemd-analyze") is None:
        return findings
    # The program is looked for, too, and stands nowhere while we are at it: let it be one that is.
    text = path.read_text().replace("/usr/local/bin/weir", "/bin/true")
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / path.name
        copy.write_text(text)
        verified = _run(root, "systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(copy))
    for message in verified.stderr.splitlines():
        located = re.match(rf"^.*{re.escape(path.name)}(?::(\d+))?: (.*)$", message)
        if located:
            findings.append(Finding(unit, int(located.group(1) or 1), "unit", located.group(2)))
    return findings


def restarts(unit: str, text: str) -> list[Finding]:
    """What another start would not mend is not started again: 64 is wrong usage, 78 a setting."""
    codes = re.search(r"^RestartPreventExitStatus=(.*)$", text, re.MULTILINE)
    if codes is not None and {"64", "78"} <= set(codes.group(1).split()):
        return []
    return [Finding(unit, 1, "unit", "RestartPreventExitStatus lacks 64 or 78: a bad setting would be tried for ever")]


def _manifests(root: Path) -> list[Finding]:
    """What Kubernetes reads: that it parses, scrapes all that there is, and agrees with the image and the Services."""
    try:
        import yaml
    except ImportError:
        return []
    findings = []
    objects: list[Any] = []
    for path in sorted((root / MANIFESTS).glob("*.yaml")):
        name = path.relative_to(root).as_posix()
        try:
            parsed = [document for document in yaml.safe_load_all(path.read_text()) if document]
        except yaml.YAMLError as error:
            findings.append(Finding(name, 1, "manifest", " ".join(str(error).split())))
            continue
        objects += parsed
        findings += [finding for document in parsed for finding in manifest(name, document)]
    return findings + [Finding(MANIFESTS, 1, "manifest", advice) for advice in disagreements(objects, (root / IMAGE).read_text())]


def manifest(name: str, parsed: Any) -> list[Finding]:
    """The parts of a manifest that are easily forgotten."""
    endpoints = {"ServiceMonitor": "endpoints", "VMPodScrape": "podMetricsEndpoints"}
    kind = parsed.get("kind", "")
    if kind in {"Deployment", "Service", "PersistentVolumeClaim", "Kustomization"}:
        return []
    member = endpoints.get(kind)
    if member is None:
        return [Finding(name, 1, "manifest", f"kind is none that is known: {', '.join(endpoints)}")]
    spec = parsed.get("spec", {})
    findings = []
    if not spec.get("selector", {}).get("matchLabels"):
        findings.append(Finding(name, 1, "manifest", "selects nothing: selector.matchLabels is missing"))
    paths = {endpoint.get("path") for endpoint in spec.get(member, [])}
    if paths != SCRAPED:
        findings.append(Finding(name, 1, "manifest", f"spec.{member} scrapes {sorted(paths, key=str)}, not {sorted(SCRAPED)}"))
    return findings


def disagreements(objects: list[Any], image: str) -> list[str]:
    """Where Deployment, Services and image say different things of ports, user and data, or a probe asks the wrong path."""
    advice = []
    exposed = set(re.findall(r"\d+", "".join(re.findall(r"^EXPOSE (.*)$", image, re.MULTILINE))))
    data = "".join(re.findall(r"^VOLUME (.*)$", image, re.MULTILINE))
    uid = "".join(re.findall(r"useradd .*--uid (\d+)", image))
    for deployment in (o for o in objects if o.get("kind") == "Deployment"):
        pod = deployment["spec"]["template"]["spec"]
        container = pod["containers"][0]
        ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
        if set(ports.values()) != exposed:
            advice.append(f"the pod has the ports {sorted(ports.values())}, the image exposes {sorted(exposed)}")
        probed = {name: container.get(name, {}).get("httpGet", {}).get("path") for name in ("livenessProbe", "readinessProbe")}
        if probed != {"livenessProbe": "/health", "readinessProbe": "/ready"}:
            advice.append(f"liveness is /health and readiness /ready, not {probed}")
        if str(pod["securityContext"].get("runAsUser")) != uid:
            advice.append(f"the pod does not run as {uid}, whose the image's data directory is")
        if data not in {mount["mountPath"] for mount in container["volumeMounts"]}:
            advice.append(f"no volume is mounted at {data}")
        for service in (o for o in objects if o.get("kind") == "Service"):
            unknown = {str(port["targetPort"]) for port in service["spec"]["ports"]} - ports.keys()
            advice += [f"Service {service['metadata']['name']} leads to the port {name}, which no pod has" for name in sorted(unknown)]
            if service["spec"]["selector"] != deployment["spec"]["template"]["metadata"]["labels"]:
                advice.append(f"Service {service['metadata']['name']} does not select the pods of the Deployment")
    return advice


def _examples(root: Path) -> list[Finding]:
    """The other YAML files of deploy: that they parse, and publish on loopback only."""
    try:
        import yaml
    except ImportError:
        return []
    findings = []
    for path in sorted(path for folder in EXAMPLES for path in (root / folder).glob("*.y*ml")):
        name = path.relative_to(root).as_posix()
        try:
            parsed = yaml.safe_load(path.read_text())
        except yaml.YAMLError as error:
            findings.append(Finding(name, 1, "example", " ".join(str(error).split())))
            continue
        for service in parsed.get("services", {}).values() if path.stem == "docker-compose" else ():
            ports = [port for port in service.get("ports", []) if not str(port).startswith("127.0.0.1:")]
            findings += [Finding(name, 1, "example", f"publishes {port}: on 127.0.0.1 only") for port in ports]
            files = [mount.split(":")[0] for mount in service.get("volumes", []) if mount.startswith(".")]
            gone = [file for file in files if not (path.parent / file).exists()]
            findings += [Finding(name, 1, "example", f"mounts {file}, which is not there") for file in gone]
    return findings


def _settings(root: Path) -> list[Finding]:
    """A setting that is in the code is in the template and in the manual, and the other way round."""
    known: dict[str, tuple[str, int]] = {}
    for source in sorted(source for pattern in SETTINGS for source in root.glob(pattern)):
        path = source.relative_to(root).as_posix()
        for name, line in _named(source, _DECLARED):
            known.setdefault(name, (path, line))
    if not known:
        return [Finding(SETTINGS[0], 1, "settings", "no setting is declared there: where have they gone?")]

    findings = []
    for path in REPEAT_SETTINGS:
        if not (root / path).is_file():
            continue
        repeated = dict(_named(root / path, _SETTING))
        for name in sorted(known.keys() - repeated.keys()):
            findings.append(Finding(*known[name], "settings", f"{name} is not described in {path}"))
        for name in sorted(repeated.keys() - known.keys()):
            findings.append(Finding(path, repeated[name], "settings", f"no setting is named {name}"))
    return findings


def _named(path: Path, pattern: re.Pattern[str]) -> list[tuple[str, int]]:
    lines = path.read_text().splitlines()
    return [(name, number) for number, line in enumerate(lines, start=1) for name in pattern.findall(line)]


def _line_of(text: str, beginning: str) -> int:
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, start=1) if line.startswith(beginning)), 1)


def _run(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
