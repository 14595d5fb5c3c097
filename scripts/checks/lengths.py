"""Length limits: a file or a function that resists them is two."""

from __future__ import annotations

import re
from collections.abc import Iterable

from findings import Finding
from swift_source import SwiftSource

FILE_LINES = 400
TEST_FILE_LINES = 600
FUNCTION_LINES = 60

_FUNCTION = re.compile(r"\b(?:func\s+[^\s(<]*|init[?!]?(?=\s*[(<])|deinit(?=\s*\{)|subscript(?=\s*[(<]))")
_NEXT_DECLARATION = re.compile(
    r"\n\s*(?=@|(?:(?:public|package|internal|private|fileprivate|static|mutating|nonmutating|override|final)\s+)*"
    r"(?:func|var|let|init|deinit|subscript|case|struct|class|enum|actor|protocol|extension|typealias"
    r"|associatedtype)\b)"
)


def check(sources: Iterable[SwiftSource]) -> list[Finding]:
    findings = []
    for source in sources:
        findings += _file_length(source)
        findings += _function_lengths(source)
    return findings


def _file_length(source: SwiftSource) -> list[Finding]:
    limit = TEST_FILE_LINES if source.path.startswith("Tests/") else FILE_LINES
    length = source.text.rstrip("\n").count("\n") + 1
    if length <= limit:
        return []
    return [Finding(source.path, limit + 1, "file-length", f"{length} lines, {limit} at most: split it by subject")]


def _function_lengths(source: SwiftSource) -> list[Finding]:
    findings = []
    for match in _FUNCTION.finditer(source.code):
        if source.code[match.start() - 1 : match.start()] == ".":  # a call: self.init(…)
            continue
        opening = _body(source.code, match.end())
        if opening is None:
            continue
        first, last = source.line_at(match.start()), source.line_at(source.closing_brace(opening))
        length = last - first + 1
        if length > FUNCTION_LINES:
            advice = f"{length} lines, {FUNCTION_LINES} at most: take a step of it out and give it a name"
            findings.append(Finding(source.path, first, "function-length", advice))
    return findings


def _body(code: str, index: int) -> int | None:
    """The brace that opens the body of the declaration, or nothing for a requirement of a protocol."""
    depth = 0
    while index < len(code):
        character = code[index]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth < 0:
                return None
        elif depth == 0 and character == "{":
            return index
        elif depth == 0 and (character == "}" or _NEXT_DECLARATION.match(code, index)):
            return None
        index += 1
    return None
