"""Instructions of an event from its bytes to its acknowledgement, counted by callgrind: the same on every machine."""

import re
import shutil
import subprocess
import sys

from harness import WEIR, Weir, scratch
from load import weblog

FEW, MANY = 2000, 12000


def run(options, table):
    if not shutil.which("valgrind"):
        print("  left out: there is no valgrind", file=sys.stderr)
        return
    # The difference of two counts leaves the start and the stop of the process out.
    few, many = count(FEW), count(MANY)
    each = (many[1] - few[1]) / (many[0] - few[0])
    table.add("instructions of an event until it is acknowledged", f"{each:,.0f}")
    print(f"  {each:,.0f} instructions an event", flush=True)


def count(events):
    """(lines in the journal, instructions of the whole process), with PostgreSQL away."""
    home = scratch("weir-bench-")
    output = home / "callgrind"
    weir = Weir(home / "data", "postgresql://weir@127.0.0.1:9/weir", env={"WEIR_LOG_LEVEL": "critical"})
    weir.program = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={output}", WEIR]
    weir.start()
    weblog(weir.port, 300, until=lambda: weir.metric("weir_journal_lines_total") >= events)
    lines = weir.metric("weir_journal_lines_total")
    weir.terminate(120)
    return lines, int(re.search(r"^(?:summary|totals): (\d+)", output.read_text(), re.MULTILINE).group(1))
