"""The import rule: a target imports only what stands above it, and a feature never another feature."""

from __future__ import annotations

import re
from collections.abc import Iterable

from findings import Finding
from swift_source import SwiftSource

FEATURES = {
    "Nextflow", "Runs", "Workers", "Alerts", "Executions", "Provenance", "Pipelines", "Traces", "Observability",
}

# From the top of the house to its door. Targets of one line never import each other. A new target gets its place
# here and, if the rule changes by it, in docs/architecture.md.
LAYERS: list[set[str]] = [
    {"Core"},
    {"Metrics", "HTTP", "Processes", "Configuration", "Schedules", "OpenTelemetry"},
    {"HTTPServer", "Postgres", "Journal", "Outbound"},
    {"PostgresCluster", "API", "OTLPClient"},
    {"Ingest"},
    {"Notifications"},
    FEATURES,
    {"Migrations", "Import", "AlertsClient", "Simulator", "WeirClient"},
    {"Agent"},
    {"WeirApp"},
    {"Operations"},
    {"weir"},
]

# What the Glibc module leaves out is wrapped nowhere: calls that are not POSIX, for whoever needs them.
UNWRAPPED = {"CLinux"}
# Who wraps which C library. Nobody else sees its header.
SYSTEM_LIBRARIES = {
    "CLibpq": "Postgres",
    "CZlib": "HTTP",
    "CMalloc": "WeirApp",
    "CLibcurl": "Outbound",
    "CSQLite": "Import",
    "CYAML": "AlertsClient",
}

OUTSIDE_LAYERS = {"TestKit", "FeatureTestKit"}
ONLY_IN_TESTS = {"Foundation", "FoundationEssentials", "FoundationNetworking", "Testing"}

_IMPORT = re.compile(
    r"^[ \t]*(?:@\w+(?:\([^)]*\))?[ \t]+)*(?:(?:public|package|internal|private|fileprivate)[ \t]+)?"
    r"import[ \t]+(?:(?:struct|class|enum|protocol|typealias|func|let|var|actor)[ \t]+)?(\w+)",
    re.MULTILINE,
)


def check(sources: Iterable[SwiftSource]) -> list[Finding]:
    findings = []
    for source in sources:
        target = _target(source.path)
        if target is None:
            continue
        if _is_unknown(target):
            findings.append(_finding(source, 1, f"give {target} its layer in scripts/checks/layers.py"))
        for match in _IMPORT.finditer(source.code):
            advice = _objection(target, match.group(1))
            if advice is not None:
                findings.append(_finding(source, source.line_at(match.start(1)), advice))
    return findings


def _finding(source: SwiftSource, line: int, advice: str) -> Finding:
    return Finding(source.path, line, "imports", advice)


def _target(path: str) -> str | None:
    parts = path.split("/")
    if parts[0] in ("Sources", "Tests") and len(parts) > 2:
        return parts[1]
    return "Migrations" if parts[0] == "migrations" else None


def _layer(target: str) -> int | None:
    return next((index for index, layer in enumerate(LAYERS) if target in layer), None)


def _is_unknown(target: str) -> bool:
    is_for_tests = target in OUTSIDE_LAYERS or target.endswith("Tests")
    return not is_for_tests and _layer(target) is None and target not in SYSTEM_LIBRARIES


def _objection(target: str, imported: str) -> str | None:
    is_for_tests = target in OUTSIDE_LAYERS or target.endswith("Tests")
    if imported == "XCTest":
        return "tests are written with Swift Testing: import Testing"
    if imported in ONLY_IN_TESTS and not is_for_tests:
        return f"{imported} is for TestKit and tests; use Core, Glibc, Dispatch or Synchronization"
    if imported in UNWRAPPED:
        return None
    if imported in SYSTEM_LIBRARIES:
        owner = SYSTEM_LIBRARIES[imported]
        return None if target in (owner, owner + "Tests") else f"only {owner} imports {imported}: go through it"

    own, other = _layer(target), _layer(imported)
    if is_for_tests or own is None:
        return None
    if imported in OUTSIDE_LAYERS:
        return f"{imported} is not for what is shipped: {target} must not import it"
    if other is None or other < own:
        return None
    if {target, imported} <= FEATURES:
        return (
            f"a feature never imports another: tell {imported} through a signal, or ask it through a protocol that "
            f"{target} declares and WeirApp fulfils"
        )
    if other == own:
        return f"{target} and {imported} stand side by side and know nothing of each other"
    return f"{imported} stands below {target}: turn the dependency round, or move the code up"
