"""The checks of the checks: each of them finds what it is for, and leaves its look-alike alone."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

import alerts  # noqa: E402
import deployment  # noqa: E402
import documentation  # noqa: E402
import layers  # noqa: E402
import lengths  # noqa: E402
import repository  # noqa: E402
import sql  # noqa: E402
import words  # noqa: E402
from findings import ALLOWED, Finding, without_allowed  # noqa: E402
from swift_source import SwiftSource  # noqa: E402


def swift(text: str, path: str = "Sources/Core/Thing.swift") -> SwiftSource:
    return SwiftSource(path, text)


class ReadingSwift(unittest.TestCase):
    def test_blanks_comments_and_literals_and_keeps_offsets(self) -> None:
        for text in (
            'let a = "{" // {',
            "/* { /* nested { */ { */",
            'let a = """\n  { "quoted" {\n  """',
            'let a = #"\\ { " {"#',
            'let a = "\\(b ? "{" : "\\(c("{"))") {"',
            "func `opens a { and \" too`() ",
        ):
            source = swift(text)
            self.assertNotIn("{", source.code, text)
            self.assertEqual(len(source.code), len(text))
            self.assertEqual(source.code.count("\n"), text.count("\n"))

    def test_code_after_a_literal_is_code(self) -> None:
        self.assertIn("try!", swift('let a = "\\(b(1))"; try! c()').code)
        self.assertIn("try!", swift("let a = \"\"\"\n x\n \"\"\"\ntry! c()").code)


class SQL(unittest.TestCase):
    def test_statements_are_ascii(self) -> None:
        for text in ('let a = "SELECT \'é\'"', 'let a = """\n  INSERT INTO t -- …\n  """'):
            self.assertEqual([f.check for f in sql.check([swift(text)])], ["sql"], text)
        for text in ('let a = "select a café"', "// SELECT …", 'let a = "SELECT 1" // …'):
            self.assertEqual(sql.check([swift(text)]), [], text)
        self.assertEqual(sql.check([swift('let a = "SELECT …"', "Tests/CoreTests/ATests.swift")]), [])

    def test_files_are_ascii(self) -> None:
        self.assertEqual([f.line for f in sql.check_file("migrations/v0001_a.sql", "a\n-- …\n")], [2])
        self.assertEqual(sql.check_file("migrations/v0001_a.sql", "SELECT 1"), [])
        self.assertEqual(sql.check_file("README.md", "…"), [])


class Layers(unittest.TestCase):
    def assert_found(self, path: str, text: str, advice: str) -> None:
        findings = layers.check([swift(text, path)])
        self.assertEqual(len(findings), 1, findings)
        self.assertIn(advice, findings[0].advice)

    def assert_allowed(self, path: str, text: str) -> None:
        self.assertEqual(layers.check([swift(text, path)]), [])

    def test_direction(self) -> None:
        self.assert_found("Sources/Core/A.swift", "import HTTP", "stands below")
        self.assert_found("Sources/Journal/A.swift", "package import Ingest", "stands below")
        self.assert_found("Sources/Metrics/A.swift", "import HTTP", "side by side")
        self.assert_found("Sources/Nextflow/A.swift", "import Observability", "never imports another")
        self.assert_found("Sources/Core/A.swift", "import TestKit", "not for what is shipped")
        self.assert_allowed("Sources/Nextflow/A.swift", "package import Core\nimport Ingest\nimport Glibc")
        self.assert_allowed("Tests/CoreTests/A.swift", "import Core\nimport HTTP\nimport TestKit")

    def test_system_imports(self) -> None:
        self.assert_found("Sources/Core/A.swift", "@preconcurrency import Foundation", "TestKit and tests")
        self.assert_found("Sources/Ingest/A.swift", "import class Foundation.Thread", "TestKit and tests")
        self.assert_found("Sources/Ingest/A.swift", "internal import CLibpq", "only Postgres")
        self.assert_found("Sources/HTTPServer/A.swift", "import CZlib", "only HTTP")
        self.assert_found("Tests/CoreTests/A.swift", "import XCTest", "Swift Testing")
        self.assert_allowed("Sources/Postgres/A.swift", "import CLibpq")
        self.assert_allowed("Tests/CoreTests/A.swift", "import Foundation\nimport Testing")
        self.assert_allowed("Sources/Core/A.swift", "// import Foundation")

    def test_a_new_target_needs_a_layer(self) -> None:
        self.assert_found("Sources/Novelty/A.swift", "", "layer")


class Lengths(unittest.TestCase):
    def function(self, lines: int, head: str = "func f() {") -> str:
        return "\n".join([head] + ["    work()"] * (lines - 2) + ["}"])

    def found(self, text: str, path: str = "Sources/Core/A.swift") -> list[str]:
        return [f.check for f in lengths.check([swift(text, path)])]

    def test_functions(self) -> None:
        self.assertEqual(self.found(self.function(60)), [])
        self.assertEqual(self.found(self.function(61)), ["function-length"])
        self.assertEqual(self.found(self.function(61, "init?(a: Int = { 1 }()) throws(E) {")), ["function-length"])
        self.assertEqual(self.found(self.function(61, "func `a {`<T>(_ b: T)\nwhere T: C {")), ["function-length"])

    def test_what_has_no_body(self) -> None:
        requirement = "protocol P {\n    func f(a: Int) -> Int\n    init(b: Int)\n}\n"
        self.assertEqual(self.found(requirement + self.function(60)), [])
        self.assertEqual(self.found("init() { self.init(a: 1) }\n" + self.function(60)), [])

    def test_files(self) -> None:
        self.assertEqual(self.found("\n".join(["//"] * 400) + "\n"), [])
        self.assertEqual(self.found("\n".join(["//"] * 401) + "\n"), ["file-length"])
        self.assertEqual(self.found("\n".join(["//"] * 401) + "\n", "Tests/CoreTests/A.swift"), [])


class Words(unittest.TestCase):
    def found(self, text: str, path: str = "Sources/Core/A.swift") -> list[str]:
        return [f.check for f in words.check([swift(text, path)])]

    def test_traps(self) -> None:
        for text in (
            "try! f()", "a as! B", 'fatalError("no")', 'preconditionFailure("no")', "preconditionFailure()",
            "Mutex<@Sendable () -> Int>(f)",
        ):
            self.assertEqual(self.found(text), ["trap"], text)
            self.assertEqual(self.found(text, "Tests/CoreTests/A.swift"), [], text)
        for text in (
            "try? f()", "Mutex<A>(f) { $0 -> 1 }", "a as? B", 'preconditionFailure("BUG: no")',
            'preconditionFailure(\n  "BUG: no"\n)',
        ):
            self.assertEqual(self.found(text), [], text)

    def test_escapes(self) -> None:
        for escape in ("final class A: @unchecked Sendable {}", "nonisolated(unsafe) var a = 1"):
            self.assertEqual(self.found(escape), ["escape"])
            self.assertEqual(self.found(f"// safe: one writer.\n{escape}"), [])
            self.assertEqual(self.found(f"{escape}  // safe: one writer."), [])

    def test_file_names(self) -> None:
        self.assertEqual(self.found("", "Sources/Core/CommonName.swift"), [])
        for name in ("Utils", "RouteHelpers", "String+Extensions", "Common"):
            self.assertEqual(self.found("", f"Sources/Core/{name}.swift"), ["file-name"])

    def test_promises(self) -> None:
        self.assertEqual(len(words.check_promises("a", "// TO" + "DO: later")), 1)
        self.assertEqual(words.check_promises("a", "mastodon, AUTODOC"), [])

    def test_vocabulary(self) -> None:
        text = "The face of a duty.\nSurfaces and interfaces, twice."
        self.assertEqual([finding.line for finding in words.check_vocabulary("README.md", text)], [1, 1])
        self.assertEqual(words.check_vocabulary("docs/decisions/0001-a.md", text), [])
        for riddle in (
            "What is there already stays.",
            "It is a view of it.",
            "asks for patience.",
            "whoever is told so",
            "A sign of life.",
            "strangers reach an open door",
            "stops in good order",
            "What came of it.",
            "What was asked for.",
            "kept no more",
            "words divided by commas",
        ):
            self.assertEqual(len(words.check_vocabulary("README.md", riddle)), 1, riddle)
        plain = "It is already there; told somebody; patience; signs; doors open in order; separated by commas."
        self.assertEqual(words.check_vocabulary("README.md", plain), [])


class Documentation(unittest.TestCase):
    def found(self, text: str) -> int:
        return len(documentation.check([swift(text)]))

    def test_declarations(self) -> None:
        for declaration in ("package struct A {}", "package final class A {}", "package static func f() {}"):
            self.assertEqual(self.found(declaration), 1, declaration)
            self.assertEqual(self.found(f"// Not this.\n{declaration}"), 1, declaration)
            self.assertEqual(self.found(f"/// This.\n{declaration}"), 0, declaration)
            self.assertEqual(self.found(f"/// This.\n@inlinable\n{declaration}"), 0, declaration)

    def test_requirements_speak_for_those_who_fulfil_them(self) -> None:
        said = "/// P.\npackage protocol P {\n    /// Does.\n    func f()\n}\n"
        self.assertEqual(self.found(said + "extension A: P {\n    package func f() {}\n}"), 0)
        self.assertEqual(self.found(said + "extension A: P {\n    package func g() {}\n}"), 1)
        self.assertEqual(self.found(said.replace("    /// Does.\n", "")), 1)

    def test_what_needs_none(self) -> None:
        for declaration in (
            "struct A {}",
            "package static func == (a: A, b: A) -> Bool { true }",
            "package func hash(into hasher: inout Hasher) {}",
            "package import Core",
        ):
            self.assertEqual(self.found(declaration), 0, declaration)


class Repository(unittest.TestCase):
    def test_paths_of_one_machine(self) -> None:
        for first in ("home", "root", "Users", "wor" + "k"):
            path = f"/{first}/ada/a"
            self.assertEqual(len(repository.check_paths("README.md", f"see {path}")), 1, path)
            for elsewhere in ("https://a.b", "~", "${HOME}", "."):
                self.assertEqual(repository.check_paths("README.md", elsewhere + path), [], elsewhere + path)
            self.assertEqual(repository.check_paths("Tests/CoreTests/Fixtures/a.json", path), [])

    def test_what_tools_keep_is_not_tracked(self) -> None:
        for path in (".env", ".build/debug/weir", ".schemathesis/cache/a.json", "dist/weir.deb", "scripts/a.pyc"):
            self.assertTrue(repository.is_never_tracked(path), path)
        for path in (".ci/run", ".gitignore", ".github/a.yml", "docs/data/a.md", "README.md"):
            self.assertFalse(repository.is_never_tracked(path), path)

    def test_manuals_name_files_that_exist(self) -> None:
        known = ["Sources/Ingest/Loading/Loader.swift", "Sources/Runs/SQL/a.sql"]
        for text, found in (
            ("`Loader.swift`", 0), ("`Loading/Loader.swift`", 0), ("`a.sql`", 0), ("`oader.swift`", 1), ("`Gone.swift`", 1),
        ):  # fmt: skip
            self.assertEqual(len(repository.check_named_files("docs/a.md", text, known)), found, text)
        self.assertEqual(repository.check_named_files("docs/decisions/1.md", "`Gone.swift`", known), [])

    def test_exceptions_need_a_reason_and_a_use(self) -> None:
        finding = Finding("a.swift", 1, "trap", "")
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory)
            (root / ALLOWED).parent.mkdir(parents=True)
            for line, left in (("", 1), ("trap a.swift because", 0), ("trap a.swift", 2), ("trap b.swift because", 2)):
                (root / ALLOWED).write_text(line + "\n")
                self.assertEqual(len(without_allowed(root, [finding])), left, line)


class Deployment(unittest.TestCase):
    IMAGE = 'ARG POSTGRES_MAJOR=16\nRUN apt-get install "postgresql-client-${POSTGRES_MAJOR}"\n'
    COMPOSE = "image: postgres:${POSTGRES_MAJOR:-16}-alpine\nPOSTGRES_MAJOR: ${POSTGRES_MAJOR:-16}\n"

    def test_passwords_stand_in_no_url(self) -> None:
        wrong = "a: b\nDATABASE_URL: ${DATABASE_URL:-postgresql://weir:${POSTGRES_PASSWORD:-weir}@postgres/weir}"
        self.assertEqual([finding.line for finding in deployment.passwords_in_urls(wrong)], [2])
        right = "DATABASE_URL: postgresql://weir@postgres/weir\nPGPASSWORD: ${POSTGRES_PASSWORD:-weir}"
        self.assertEqual(deployment.passwords_in_urls(right), [])

    def test_the_image_has_the_tools_of_the_server(self) -> None:
        self.assertEqual(deployment.versions(self.COMPOSE, self.IMAGE), [])
        self.assertEqual(len(deployment.versions(self.COMPOSE, self.IMAGE.replace("16", "17"))), 2)
        self.assertEqual(len(deployment.versions(self.COMPOSE, "RUN apt-get install libpq5")), 1)
        self.assertEqual(len(deployment.versions("image: postgres:16-alpine", self.IMAGE)), 2)

    def test_a_bad_setting_is_not_tried_for_ever(self) -> None:
        self.assertEqual(deployment.restarts("unit", "Restart=on-failure\nRestartPreventExitStatus=64 78\n"), [])
        self.assertEqual(len(deployment.restarts("unit", "Restart=on-failure\n")), 1)
        self.assertEqual(len(deployment.restarts("unit", "RestartPreventExitStatus=78\n")), 1)

    def test_a_manifest_scrapes_everything(self) -> None:
        paths = [{"path": "/metrics"}, {"path": "/api/metrics/prometheus"}]
        selector = {"matchLabels": {"app": "weir"}}
        right = {"kind": "ServiceMonitor", "spec": {"selector": selector, "endpoints": paths}}
        self.assertEqual(deployment.manifest("m", right), [])
        half = {"kind": "ServiceMonitor", "spec": {"selector": selector, "endpoints": paths[:1]}}
        self.assertEqual(len(deployment.manifest("m", half)), 1)
        # The member of another kind is not read.
        self.assertEqual(len(deployment.manifest("m", {**right, "kind": "VMPodScrape"})), 1)
        self.assertEqual(len(deployment.manifest("m", {**right, "kind": "PodMonitor"})), 1)
        self.assertEqual(len(deployment.manifest("m", {"kind": "VMPodScrape", "spec": {}})), 2)

    def test_a_pod_agrees_with_the_image_and_its_services(self) -> None:
        image = "RUN useradd --system --uid 10001 weir\nVOLUME /var/lib/weir\nEXPOSE 8000\n"
        probe = {"livenessProbe": {"httpGet": {"path": "/health"}}, "readinessProbe": {"httpGet": {"path": "/ready"}}}
        container = {"ports": [{"name": "http", "containerPort": 8000}], "volumeMounts": [{"mountPath": "/var/lib/weir"}], **probe}
        labels = {"app": "weir"}

        def found(container: dict, user: int = 10001, target: str = "http", selector: dict = labels) -> int:
            pod = {"securityContext": {"runAsUser": user}, "containers": [container]}
            deployed = {"kind": "Deployment", "spec": {"template": {"metadata": {"labels": labels}, "spec": pod}}}
            service = {"kind": "Service", "metadata": {"name": "s"}, "spec": {"selector": selector, "ports": [{"targetPort": target}]}}
            return len(deployment.disagreements([deployed, service], image))

        self.assertEqual(found(container), 0)
        self.assertEqual(found({**container, "ports": [{"name": "http", "containerPort": 80}]}), 1)
        self.assertEqual(found({**container, "livenessProbe": probe["readinessProbe"]}), 1)
        self.assertEqual(found({**container, "volumeMounts": []}), 1)
        self.assertEqual(found(container, user=0), 1)
        self.assertEqual(found(container, target="web"), 1)
        self.assertEqual(found(container, selector={"app": "other"}), 1)


class Alerts(unittest.TestCase):
    ANNOTATIONS = {"summary": "a", "description": "b", "runbook_url": "docs/runbook.md#weirdown"}
    RULE = {"alert": "WeirDown", "labels": {"severity": "critical"}, "annotations": ANNOTATIONS}

    def found(self, rule: dict, runbook: str = "### WeirDown\n") -> list[str]:
        return [finding.path for finding in alerts.said("rules", {"groups": [{"rules": [rule]}]}, runbook)]

    def test_an_alert_says_what_to_do(self) -> None:
        self.assertEqual(self.found(self.RULE), [])
        self.assertEqual(self.found({**self.RULE, "labels": {"severity": "page"}}), ["rules"])
        for annotation in self.ANNOTATIONS:
            self.assertEqual(self.found({**self.RULE, "annotations": {**self.ANNOTATIONS, annotation: ""}}), ["rules"])
        self.assertEqual(self.found(self.RULE, "See WeirDown.\n### WeirDownAgain\n"), [alerts.RUNBOOK])
        self.assertEqual(self.found({"record": "weir:a:b", "expr": "1"}), [])

    def test_an_alert_is_tested_both_ways(self) -> None:
        rules = {"groups": [{"rules": [self.RULE]}]}
        firing = {"expr": 'count(ALERTS{alertname="WeirDown", alertstate="firing"})'}
        fires, is_quiet = {**firing, "exp_samples": [{"value": 1}]}, {**firing, "exp_samples": []}
        other = {"expr": 'ALERTS{alertname="WeirDownAgain", alertstate="firing"}', "exp_samples": [{"value": 1}]}
        for asked, faults in (([fires, is_quiet], 0), ([fires], 1), ([is_quiet], 1), ([is_quiet, other], 1), ([], 2)):
            tests = [{"tests": [{"promql_expr_test": asked}]}]
            self.assertEqual(len(alerts.untested(rules, tests)), faults, asked)

    def test_panels_of_a_dashboard_lie_beside_each_other_and_links_open(self) -> None:
        def found(second: dict, url: str = "/explore?panes=%7B%22a%22:%22${x}%22%7D", number: int = 2) -> int:
            panels = [{"id": 1, "title": "a", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}}, {"id": number, "title": "b", "gridPos": second}]
            return len(alerts.wrong_in({"panels": panels, "links": [{"url": url}]}))

        beside = {"x": 12, "y": 0, "w": 12, "h": 8}
        self.assertEqual(found(beside), 0)
        self.assertEqual(found({**beside, "x": 11}), 1)
        self.assertEqual(found({**beside, "w": 13}), 1)
        self.assertEqual(found(beside, number=1), 1)
        self.assertEqual(found(beside, url="/explore?panes=%7B%22a%22"), 1)

    def test_metrics_are_those_of_the_manual(self) -> None:
        listed = "| `weir_a_total`, `weir_b_seconds` | … | weir_c |"
        self.assertEqual(alerts.unlisted("rate(weir_a_total[5m]) + weir_b_seconds_bucket", listed), [])
        self.assertEqual(alerts.unlisted("weir_c / weir_a", listed), ["weir_a", "weir_c"])
        self.assertEqual(alerts.unlisted("weir:weir_a:ratio docs/weir_a", listed), [])


class Compose(unittest.TestCase):
    def test_nobody_is_let_in_by_default(self) -> None:
        service = {"profiles": ["api"], "healthcheck": {}, "ports": ["127.0.0.1:8000:8000"]}
        for value, faults in (("${WEIR_ALLOW_ANONYMOUS:-false}", 0), ("${WEIR_ALLOW_ANONYMOUS:-true}", 1), (True, 1)):
            service["environment"] = {"WEIR_ALLOW_ANONYMOUS": value}
            self.assertEqual(len(deployment._service(service)), faults, value)


if __name__ == "__main__":
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]).run(result)
    for test, trace in result.failures + result.errors:
        print(f"{test}\n{trace}", file=sys.stderr)
    # Nothing is said when nothing is wrong; but that nothing was run is wrong.
    sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 else 1)
