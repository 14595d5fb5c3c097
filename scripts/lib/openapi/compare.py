"""Starts Weir with an empty data directory on a free port and runs schemathesis against it; called by scripts/openapi."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "experiments"))

import harness  # noqa: E402

SECRET = "openapi-secret"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="schemathesis")
    parser.add_argument("--examples", type=int, default=20, help="random requests for each operation")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    # With a token, so that requests without one must be refused. A busy machine must not turn answers into 503.
    env = {"WEIR_TOKENS": f"ingest+read={SECRET}", "WEIR_RUNS_APPLY_TIMEOUT": "14s"}
    weir = harness.Weir(harness.scratch(), env=env).start()
    harness.wait_until(lambda: weir.get("/ready")[0] == 200, 60, "readiness")
    # schemathesis keeps what it found where it runs. One worker: two share one interpreter, and in Python 3.11 two threads that
    # parse at once fail ("AST constructor recursion depth mismatch").
    with tempfile.TemporaryDirectory() as directory:
        code = subprocess.run(
            [
                options.program,
                *("--config-file", str(HERE / "schemathesis.toml")),
                *("run", f"http://127.0.0.1:{weir.port}/openapi.json"),
                *("--header", f"Authorization: Bearer {SECRET}"),
                *("--phases", "coverage,fuzzing", "--workers", "1", "--no-color"),
                *("--max-examples", str(options.examples), "--seed", str(options.seed)),
            ],
            cwd=directory,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "exceptions", "PYTHONPATH": str(HERE)},
        ).returncode
    alive = weir.process.poll() is None
    weir.terminate()
    if not alive:
        print("openapi: Weir ended while it was asked")
    sys.exit(0 if code == 0 and alive else 1)


if __name__ == "__main__":
    main()
