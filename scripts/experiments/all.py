"""Runs every experiment, or those that are named, with short settings, one after the other: scripts/experiment all."""

import argparse
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent

# Settings with which each experiment takes a minute or two. They shorten what is repeated and leave out no part. Times are
# not judged in a short run: on a machine that does other work, too, they say nothing.
SHORT = {
    "alerts": ["--messages", "15", "--hurry"],
    "crash": ["--rounds", "4", "--starts", "4", "--private-starts", "3"],
    "damage": [],
    "events": ["--rounds", "3", "--seconds", "1", "--listeners", "500"],
    "disk_full": ["--rate", "500"],
    "outage": ["--minutes", "0.5", "--seconds", "3"],
    "refusal": ["--seconds", "3", "--rate", "500"],
    "replay": ["--runs", "6", "--tasks", "30"],
    "tower": [],
    "runs": ["--rounds", "5", "--seconds", "5"],
    "workers": ["--rounds", "2", "--seconds", "2", "--series", "10000"],
    "hostile": [],
    "hostile_load": ["--seconds", "1.5", "--rounds", "1", "--answers-only"],
    "clients": ["--scrape", "20"],
    "dashboard": [],
    "leader": [],
    "replica": ["--reads", "60", "--seconds", "4", "--rate", "300"],
    "scale": ["--runs", "4", "--tasks", "20", "--seconds", "5", "--rate", "500"],
    "growth": ["--sizes", "0.1", "--times", "3"],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(SHORT)}; all when none is named")
    parser.add_argument("--full", action="store_true", help="with each experiment's own settings instead of the short ones; takes some hours")
    options = parser.parse_args()
    forgotten = experiments() ^ SHORT.keys()
    if forgotten:
        parser.error(f"SHORT in {pathlib.Path(__file__).name} and the experiments differ: {', '.join(sorted(forgotten))}")
    if unknown := set(options.names) - SHORT.keys():
        parser.error(f"no experiment is called {', '.join(sorted(unknown))}")
    outcomes = [run(name, [] if options.full else SHORT[name]) for name in options.names or SHORT]
    print("\n# all")
    for name, code, seconds in outcomes:
        print(f"  {'passed' if code == 0 else 'FAILED'} {name} in {seconds:.0f} s{'' if code in (0, 1) else f', exit code {code}'}")
    failed = [name for name, code, _ in outcomes if code]
    print(f"all: {f'{len(failed)} of {len(outcomes)} failed: ' + ', '.join(failed) if failed else f'{len(outcomes)} passed'}")
    sys.exit(1 if failed else 0)


def experiments():
    """What can be run: every program here but this one."""
    return {path.stem for path in HERE.glob("*.py") if path.stem != "all" and '__name__ == "__main__"' in path.read_text()}


def run(name, arguments):
    """(name, exit code, seconds) of an experiment; what it prints is printed."""
    print(f"\n$ scripts/experiment {' '.join([name, *arguments])}", flush=True)
    began = time.monotonic()
    code = subprocess.run([sys.executable, HERE / f"{name}.py", *arguments], stdin=subprocess.DEVNULL, check=False, env=os.environ).returncode
    return name, code, time.monotonic() - began


if __name__ == "__main__":
    main()
