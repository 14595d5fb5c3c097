"""What can be checked by reading. `scripts/check` runs it; `python3 scripts/checks` does, too."""

from __future__ import annotations

import sys
from pathlib import Path

# Nothing is left behind in the tree that is being looked at.
sys.dont_write_bytecode = True

import alerts  # noqa: E402
import deployment  # noqa: E402
import documentation  # noqa: E402
import layers  # noqa: E402
import lengths  # noqa: E402
import repository  # noqa: E402
import sql  # noqa: E402
import words  # noqa: E402
from findings import Finding, without_allowed  # noqa: E402
from swift_source import SwiftSource  # noqa: E402

_CODE = ("Sources/", "Tests/", "migrations/", "Benchmarks/", "Fuzz/")


def main() -> int:
    root = Path(__file__).resolve().parents[2]
    findings: list[Finding] = repository.check_tracked(root)
    sources = []
    known = repository.files(root)
    for path in known:
        findings += repository.check_size(root, path)
        text = _text(root / path)
        if text is None:
            continue
        findings += _check_text(root, path, text)
        if path.endswith(".md"):
            findings += repository.check_named_files(path, text, known)
        if path.endswith(".swift") and path.startswith(_CODE):
            sources.append(SwiftSource(path, text))

    for module in (layers, lengths, words, sql, documentation):
        findings += module.check(sources)
    findings += deployment.check(root)
    findings += alerts.check(root)

    findings = sorted(set(without_allowed(root, findings)))
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


def _check_text(root: Path, path: str, text: str) -> list[Finding]:
    findings = repository.check_paths(path, text) + words.check_promises(path, text) + words.check_vocabulary(path, text)
    findings += sql.check_file(path, text)
    findings += repository.check_shell(root, path, text)
    if path.endswith(".md"):
        findings += repository.check_links(root, path, text)
    return findings


def _text(path: Path) -> str | None:
    """The file as text, or nothing for what is none (recorded bytes, pictures)."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


if __name__ == "__main__":
    sys.exit(main())
