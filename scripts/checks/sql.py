"""SQL is ASCII: a database of another encoding must not refuse a statement for a comment in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from findings import Finding
from swift_source import SwiftSource

_SQL = re.compile(
    r"\b(?:SELECT\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\s|CREATE\s+(?:TABLE|INDEX|TEMP|OR|SCHEMA|DATABASE)\b"
    r"|ALTER\s+(?:TABLE|ROLE|DATABASE)\s|COPY\s+\w+|TRUNCATE\s|SET\s+LOCAL\s|WITH\s+\w+\s+AS\s)"
)
_FOREIGN = re.compile(r"[^\x00-\x7f]")
_ADVICE = "keep SQL in ASCII: write '...' for an ellipsis, 'contract 3.1' for a section"


def check(sources: Iterable[SwiftSource]) -> list[Finding]:
    """For the SQL in what is shipped; tests may ask for anything."""
    findings = []
    for source in sources:
        if source.path.startswith("Tests/"):
            continue
        for start, end in source.literals:
            literal = source.text[start:end]
            foreign = _FOREIGN.search(literal)
            if foreign and _SQL.search(literal):
                findings.append(Finding(source.path, source.line_at(start + foreign.start()), "sql", _ADVICE))
    return findings


def check_file(path: str, text: str) -> list[Finding]:
    if not path.endswith(".sql") or path.startswith("Tests/"):
        return []
    return [
        Finding(path, number, "sql", _ADVICE)
        for number, line in enumerate(text.split("\n"), start=1)
        if _FOREIGN.search(line)
    ]
