"""Every `package` type and function says what it is for; swift-format asks only for `public` ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from findings import Finding
from swift_source import SwiftSource

_DECLARATION = re.compile(
    r"^[ \t]*(?:@\w+(?:\([^)\n]*\))?[ \t]+)*package[ \t]+"
    r"(?:(?:static|final|indirect|mutating|nonmutating|nonisolated|consuming|borrowing|override|convenience)[ \t]+)*"
    r"(struct|class|enum|actor|protocol|typealias|func)[ \t]+([^\s(<:{]+)",
    re.MULTILINE,
)
_PROTOCOL = re.compile(r"\bpackage\s+protocol\s+(\w+)[^{]*\{")
_REQUIRED_FUNCTION = re.compile(r"\bfunc\s+(\w+)")
_ATTRIBUTE = re.compile(r"^\s*@\w+")
_WORD = re.compile(r"\w+")

# What a protocol of the standard library asks for and describes.
_WITNESSES = {
    "Element", "Failure", "Iterator", "AsyncIterator", "RawValue",
    "encode", "enqueue", "hash", "makeAsyncIterator", "makeIterator", "next",
}  # fmt: skip


def check(sources: Iterable[SwiftSource]) -> list[Finding]:
    sources = list(sources)
    requirements = [requirement for source in sources for requirement in _requirements(source)]
    findings = []
    for source in sources:
        words = set(_WORD.findall(source.code))
        described = {r.name for r in requirements if r.protocol in words}
        for match in _DECLARATION.finditer(source.code):
            kind, name = match.groups()
            is_operator = kind == "func" and not name[0].isalpha() and name[0] != "_"
            if is_operator or name in _WITNESSES or (kind == "func" and name in described):
                continue
            findings += _finding(source, source.line_at(match.start(1)), f"{kind} {name}")
    for requirement in requirements:
        findings += _finding(requirement.source, requirement.line, f"func {requirement.name}")
    return findings


@dataclass(frozen=True)
class _Requirement:
    """A function that a `package` protocol asks for: what it says there need not be said again by those who have it."""

    protocol: str
    name: str
    source: SwiftSource
    line: int


def _requirements(source: SwiftSource) -> list[_Requirement]:
    requirements = []
    for protocol in _PROTOCOL.finditer(source.code):
        end = source.closing_brace(protocol.end() - 1)
        for function in _REQUIRED_FUNCTION.finditer(source.code, protocol.end(), end):
            line = source.line_at(function.start(1))
            requirements.append(_Requirement(protocol.group(1), function.group(1), source, line))
    return requirements


def _finding(source: SwiftSource, line: int, what: str) -> list[Finding]:
    if _is_documented(source, line):
        return []
    advice = f"say in a '///' sentence what {what} is for; if that is hard, change it"
    return [Finding(source.path, line, "documentation", advice)]


def _is_documented(source: SwiftSource, line: int) -> bool:
    above = line - 2
    while above >= 0 and _ATTRIBUTE.match(source.lines[above]):
        above -= 1
    return above >= 0 and source.lines[above].lstrip().startswith("///")
