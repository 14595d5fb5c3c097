"""What is in the repository beside the code: nothing that belongs to one machine, and no file that doesn't parse."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from findings import Finding

MAXIMUM_BYTES = 1 << 20
# A hidden folder is what some tool keeps for itself, but for those of continuous integration.
_NEVER_TRACKED = re.compile(r"^(?:Package\.resolved|\.env|\.(?!ci/|github/)[^/]+/.*|(?:data|dist)/.*|.*\.profraw|.*\.pyc)$")

# An absolute path that exists on one machine only. Paths of a container or of a package are everybody's.
_ONE_MACHINE = re.compile(r"(?<![\w.\-/}~])/(?:home/[\w.-]+|root|Users/[\w.-]+|wor[k])/")
_RECORDED = re.compile(r"^(?:(?:Tests|Benchmarks)/.*/(?:Fixtures|Goldens|Contracts))/")

# A file of the code that a manual names: `Loader.swift`, `Connections/Connection+Input.swift`, `merge_runs.sql`.
_NAMED_FILE = re.compile(r"`((?:[\w+.-]+/)*[\w+-]+\.(?:swift|sql|py|sh))`")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s#]+)(?:#[^)\s]*)?\)")


def files(root: Path) -> list[str]:
    """Everything that is tracked or could be: what .gitignore names is no part of the repository."""
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return sorted(path for path in listed.split("\0") if path and (root / path).is_file())


def check_tracked(root: Path) -> list[Finding]:
    tracked = _git(root, "ls-files", "-z").split("\0")
    return [
        Finding(path, 1, "tracked", f"made by a tool or private: git rm --cached {path}")
        for path in tracked
        if is_never_tracked(path)
    ]


def is_never_tracked(path: str) -> bool:
    """Whether a file is what a tool makes or keeps, or private."""
    return _NEVER_TRACKED.match(path) is not None


def check_size(root: Path, path: str) -> list[Finding]:
    size = (root / path).stat().st_size
    if size <= MAXIMUM_BYTES:
        return []
    return [Finding(path, 1, "size", f"{size} bytes, {MAXIMUM_BYTES} at most: generate it, or make it smaller")]


def check_paths(path: str, text: str) -> list[Finding]:
    if _RECORDED.match(path):
        return []
    return [
        Finding(path, text.count("\n", 0, match.start()) + 1, "machine", "a path of one machine: make it relative")
        for match in _ONE_MACHINE.finditer(text)
    ]


def check_links(root: Path, path: str, text: str) -> list[Finding]:
    """Relative links of Markdown lead somewhere."""
    findings = []
    for match in _LINK.finditer(text):
        target = match.group(1)
        if re.match(r"^[a-z]+:", target) or (root / path).parent.joinpath(target).exists():
            continue
        line = text.count("\n", 0, match.start()) + 1
        findings.append(Finding(path, line, "link", f"{target} is not there"))
    return findings


def check_named_files(path: str, text: str, known: list[str]) -> list[Finding]:
    """The manuals of the code name files that there are, by their names or the ends of their paths."""
    if not (path.startswith("docs/") or "/" not in path) or path.startswith("docs/decisions/") or path == "CHANGELOG.md":
        return []
    return [
        Finding(path, text.count("\n", 0, match.start()) + 1, "file", f"{match.group(1)} is not there")
        for match in _NAMED_FILE.finditer(text)
        if not any(f"/{name}".endswith(f"/{match.group(1)}") for name in known)
    ]


def check_shell(root: Path, path: str, text: str) -> list[Finding]:
    """`bash -n` for every shell script, and shellcheck where there is one."""
    first = text.split("\n", 1)[0]
    if not (path.endswith(".sh") or re.match(r"^#!.*\b(?:ba)?sh\b", first)):
        return []
    parsed = subprocess.run(["bash", "-n", path], cwd=root, capture_output=True, text=True, check=False)
    findings = []
    for message in parsed.stderr.splitlines():
        located = re.match(r"^.*?: line (\d+): (.*)$", message)
        line, advice = (int(located.group(1)), located.group(2)) if located else (1, message)
        findings.append(Finding(path, line, "shell", advice))
    if shutil.which("shellcheck") is not None:
        command = ["shellcheck", "--external-sources", "--format=gcc", path]
        judged = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        for located in re.finditer(r"^.*?:(\d+):\d+: (.*)$", judged.stdout, re.MULTILINE):
            findings.append(Finding(path, int(located.group(1)), "shell", located.group(2)))
    if first.startswith("#!") and not (root / path).stat().st_mode & 0o100:
        findings.append(Finding(path, 1, "shell", f"not executable: chmod +x {path}"))
    return findings


def _git(root: Path, *arguments: str) -> str:
    # A checkout that belongs to somebody else (a mounted one, in a container) is as good as any.
    command = ["git", "-c", f"safe.directory={root}", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
