"""Measures Weir against its budgets, beside yardsticks. scripts/bench runs it."""

import argparse
import importlib
import os
import pathlib
import shlex
import signal
import sys

sys.dont_write_bytecode = True
sys.path.insert(1, str(pathlib.Path(__file__).resolve().parents[1] / "experiments"))

from figures import Table, record  # noqa: E402

BENCHES = {
    "weblog": "weblog",
    "loader": "loader",
    "tower": "tower",
    "runs": "runs",
    "workers": "workers",
    "alerts": "alerts",
    "traces": "traces",
    "listeners": "listeners",
    "insights": "insights",
    "http": "plain_http",
    "fsync": "probe",
    "memory": "footprint",
}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHES)}; all if none is given")
    parser.add_argument("--runs", type=int, default=3, help="of each benchmark; medians are shown (default 3)")
    parser.add_argument("--seconds", type=int, default=20, help="of load in a run (default 20)")
    parser.add_argument("--minutes", type=float, default=2, help="of steady load in `memory` (default 2)")
    parser.add_argument("--built-from", metavar="COMMIT", help="what WEIR_BIN was built from, for the record")
    parser.add_argument("--no-record", action="store_true", help="leave Benchmarks/results.md alone")
    arguments = sys.argv[1:]
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(BENCHES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")

    # What runs below this program is ended when it exits, and only then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # What runs beside it, on average over the minute before: it explains figures that are too bad.
    busy = os.getloadavg()[0]
    table = Table()
    for name in options.names or BENCHES:
        print(f"# {name}", flush=True)
        importlib.import_module(BENCHES[name]).run(options, table)
    print(f"\n{table.markdown()}", flush=True)
    if not options.no_record:
        record(table, shlex.join(["scripts/bench", *arguments]), options.built_from, busy)


main()
