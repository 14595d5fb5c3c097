"""What must not stand in the code: traps on input, unexplained escapes from the compiler, promises for later."""

from __future__ import annotations

import re
from collections.abc import Iterable

from findings import Finding
from swift_source import SwiftSource

# In everything that is shipped; tests may trap.
_SHIPPED: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"\btry!"), "throw or handle it: a trap ends the server for everybody"),
    (re.compile(r"\bas!"), "use 'as?' and handle the other case"),
    (re.compile(r"\bMutex<[^<>\n]*->"), "put the closure into a struct: by itself each read wraps it once more, for good"),
    (re.compile(r"\bfatalError\s*\("), "throw a cause, or preconditionFailure(\"BUG: …\") for what can't be"),
]
_ESCAPE = re.compile(r"@unchecked\s+Sendable|\bnonisolated\(unsafe\)")
_TRAP = re.compile(r"\bpreconditionFailure\s*\(\s*")
_LATER = re.compile(r"\b(?:TO[D]O|FIX[M]E|X[X]X)\b")
# Words that were replaced, and by what: one name for each thing, everywhere.
_REPLACED: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"\b[dD]ut(?:y|ies)\b"), "a maintenance job; the Weir that does them is the leader"),
    (re.compile(r"\b[fF]aces?\b"), "a listener profile"),
    # Riddles: each had to be solved before the sentence could be used.
    (re.compile(r"\b(?:is|are) there already\b", re.IGNORECASE), "creates no duplicates, is already stored, or name what exists"),
    (re.compile(r"\ba view of it\b"), "PostgreSQL holds what was loaded from the journal"),
    (re.compile(r"\b(?:ask(?:s|ed)?|requests?) for patience\b"), "a 429 or 503, a timeout, retry"),
    (re.compile(r"\b(?:is|are|when) told so\b"), "name the response, such as: retrying then returns 404"),
    (re.compile(r"\bguards the door\b"), "controls access"),
    (re.compile(r"\banother life of\b"), "a copy, or later positions, of a journal"),
    (re.compile(r"\bdecided letters\b"), "dead letters that were retried or dropped"),
    (re.compile(r"\bsigns? of life\b", re.IGNORECASE), "a liveness check, or a heartbeat"),
    (re.compile(r"\bopen door\b"), "an address that others can reach while requests need no token"),
    (re.compile(r"\bin good order\b"), "shuts down, or stops the server"),
    (re.compile(r"\bwhat c(?:ame|omes) of\b", re.IGNORECASE), "the outcome, or the result"),
    (re.compile(r"\bwhat was asked for\b", re.IGNORECASE), "the result, or the response"),
    (re.compile(r"\bkept no more\b"), "no longer kept"),
    (re.compile(r"\bdivided by commas\b"), "separated by commas"),
]
# Whether any of them is there: one reading of a text instead of one for each. Each begins where a word does.
_ANY_REPLACED = re.compile(r"\b(?:" + "|".join(pattern.pattern.removeprefix(r"\b") for pattern, _ in _REPLACED) + ")", re.IGNORECASE)
# What was decided under the older names stays as it was written.
_HISTORY = ("docs/decisions/", "Benchmarks/results.md", "scripts/checks/")
_SHAPELESS = re.compile(r"^(?:.*(?:Utils?|Utilities|Helpers?|Extensions?)|(?:.*\+)?(?:Misc|Common|Stuff))$")


def check(sources: Iterable[SwiftSource]) -> list[Finding]:
    findings = []
    for source in sources:
        findings += _name(source) + _escapes(source)
        if not source.path.startswith("Tests/"):
            findings += _traps(source)
    return findings


def check_promises(path: str, text: str) -> list[Finding]:
    """For text of every kind, not only Swift."""
    return [
        Finding(path, text.count("\n", 0, match.start()) + 1, "later", "do it now, or write an issue and take this out")
        for match in _LATER.finditer(text)
    ]


def check_vocabulary(path: str, text: str) -> list[Finding]:
    """The words of the field, in text of every kind."""
    if path.startswith(_HISTORY) or not _ANY_REPLACED.search(text):
        return []
    return [
        Finding(path, text.count("\n", 0, match.start()) + 1, "word", f"say: {instead}")
        for pattern, instead in _REPLACED
        for match in pattern.finditer(text)
    ]


def _name(source: SwiftSource) -> list[Finding]:
    stem = source.path.rsplit("/", 1)[-1].removesuffix(".swift")
    if not _SHAPELESS.match(stem):
        return []
    return [Finding(source.path, 1, "file-name", "name the file by its subject, or move its parts to theirs")]


def _escapes(source: SwiftSource) -> list[Finding]:
    findings = []
    for match in _ESCAPE.finditer(source.code):
        line = source.line_at(match.start())
        nearby = source.lines[max(line - 2, 0) : line]
        if not any("// safe: " in text for text in nearby):
            advice = "say what protects it, on this line or the one above: '// safe: …'"
            findings.append(Finding(source.path, line, "escape", advice))
    return findings


def _traps(source: SwiftSource) -> list[Finding]:
    findings = []
    for pattern, advice in _SHIPPED:
        for match in pattern.finditer(source.code):
            findings.append(Finding(source.path, source.line_at(match.start()), "trap", advice))
    for match in _TRAP.finditer(source.code):
        # The literal is blanked in `code`, and its blanks belong to the match: read on in the text.
        opening = source.text.index("(", match.start()) + 1
        if not source.text[opening:].lstrip().startswith('"BUG: '):
            advice = 'a trap is for our own faults only: preconditionFailure("BUG: …")'
            findings.append(Finding(source.path, source.line_at(match.start()), "trap", advice))
    return findings
