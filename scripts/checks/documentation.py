"""Every `package` type and function says what it is for; swift-format asks only for `public` ones."""

from __future__ import annotations

import re
from collections.abc import Iterable

from findings import Finding
from swift_source import SwiftSource

_DECLARATION = re.compile(
    r"^[ \t]*(?:@\w+(?:\([^)\n]*\))?[ \t]+)*package[ \t]+"
    r"(?:(?:static|final|indirect|mutating|nonmutating|nonisolated|consuming|borrowing|override|convenience)[ \t]+)*"
    r"(struct|class|enum|actor|protocol|typealias|func)[ \t]+([^\s(<:{]+)",
    re.MULTILINE,
)
_ATTRIBUTE = re.compile(r"^\s*@\w+")

# What a protocol of the standard library asks for and describes.
_WITNESSES = {
    "Element", "Failure", "Iterator", "AsyncIterator", "RawValue",
    "encode", "enqueue", "hash", "makeAsyncIterator", "makeIterator", "next",
}  # fmt: skip


def check(sources: Iterable[SwiftSource]) -> list[Finding]:
    findings = []
    for source in sources:
        for match in _DECLARATION.finditer(source.code):
            kind, name = match.groups()
            line = source.line_at(match.start(1))
            is_operator = kind == "func" and not name[0].isalpha() and name[0] != "_"
            if is_operator or name in _WITNESSES:
                continue
            if not _is_documented(source, line):
                advice = f"say in a '///' sentence what {kind} {name} is for; if that is hard, change it"
                findings.append(Finding(source.path, line, "documentation", advice))
    return findings


def _is_documented(source: SwiftSource, line: int) -> bool:
    above = line - 2
    while above >= 0 and _ATTRIBUTE.match(source.lines[above]):
        above -= 1
    return above >= 0 and source.lines[above].lstrip().startswith("///")
