"""What a check reports, and the exceptions from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong, where, and what to do about it."""

    path: str
    line: int
    check: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.check}] {self.advice}"


ALLOWED = "scripts/checks/allowed.txt"


def without_allowed(root: Path, findings: list[Finding]) -> list[Finding]:
    """Takes out what allowed.txt excuses, and adds what is wrong with allowed.txt itself."""
    excused: dict[tuple[str, str], int] = {}
    wrong: list[Finding] = []
    for number, line in enumerate((root / ALLOWED).read_text().splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(maxsplit=2)
        if len(fields) < 3:
            wrong.append(Finding(ALLOWED, number, "allowed", "say the check, the path and a reason"))
            continue
        excused[(fields[0], fields[1])] = number

    used = {(f.check, f.path) for f in findings}
    for key, number in excused.items():
        if key not in used:
            wrong.append(Finding(ALLOWED, number, "allowed", "excuses nothing any more: take the line out"))
    return wrong + [f for f in findings if (f.check, f.path) not in excused]
