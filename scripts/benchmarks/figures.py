"""The table of a benchmark: what, budget, yardstick, Weir, ratio, met."""

import dataclasses
import datetime
import statistics
import subprocess

from harness import ROOT
from machine import describe

RESULTS = ROOT / "Benchmarks/results.md"
HEADER = ("what", "budget", "yardstick", "Weir", "ratio", "met?")


def number(value):
    """Three digits that count, thousands apart."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values, unit=""):
    """The median of runs and, if there are several, the least and the greatest."""
    values = list(values)
    text = number(statistics.median(values)) + unit
    return f"{text} ({number(min(values))}–{number(max(values))})" if len(values) > 1 else text


@dataclasses.dataclass
class Table:
    """Rows as the benchmarks add them; missing a budget is a figure, not an error."""

    rows: list = dataclasses.field(default_factory=list)

    def add(self, what, weir="", yardstick="", ratio="", budget="", met=None):
        self.rows.append((what, budget, yardstick, weir, ratio, {None: "", True: "yes", False: "NO"}[met]))

    def compare(self, what, weir, yardstick, unit="", least=None, budget=""):
        """A row with the ratio of two figures that were taken side by side, run by run."""
        ratios = [ours / theirs for ours, theirs in zip(weir, yardstick)]
        met = None if least is None else statistics.median(ratios) >= least
        self.add(what, spread(weir, unit), spread(yardstick, unit), spread(ratios), budget, met)

    def limit(self, what, values, unit="", most=None, least=None):
        """A row whose budget is a number."""
        middle = statistics.median(values)
        if most is not None:
            self.add(what, spread(values, unit), budget=f"≤ {number(most)}{unit}", met=middle <= most)
        elif least is not None:
            self.add(what, spread(values, unit), budget=f"≥ {number(least)}{unit}", met=middle >= least)
        else:
            self.add(what, spread(values, unit))

    def markdown(self):
        widths = [max(len(row[i]) for row in [HEADER, *self.rows]) for i in range(len(HEADER))]
        lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in [HEADER, *self.rows]]
        lines.insert(1, " | ".join("-" * width for width in widths))
        return "".join(f"| {line} |\n" for line in lines)


def commit():
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)]
    short = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "status", "--porcelain", "Sources", "migrations"], capture_output=True, check=False)
    return (short.stdout.strip() or "no commit") + (" and changes" if changed.stdout else "")


def record(table, command, built_from, busy):
    """Appends the table to the results that are kept."""
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    with open(RESULTS, "a", encoding="utf-8") as results:
        results.write(f"\n## {date}, {built_from or commit()}\n\n{describe()}; load before: {busy:.1f}  \n`{command}`\n\n{table.markdown()}")
