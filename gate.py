"""Everything that must hold before a change is kept.

    python gate.py           all of it, about ten minutes on two cores
    python gate.py --fast    the part to run at every commit, about a minute

A step prints one line with its time; one that fails also prints all that it said.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent
SCRIPTS = Path(sysconfig.get_path("scripts"))


class Step(NamedTuple):
    """One program that must end with exit code 0."""

    name: str
    command: tuple[str, ...]


PYTEST = ("pytest", "--quiet", "--numprocesses=2", "--dist=worksteal")
QUICK = "not slow and not uncovered"
STATIC = (
    Step("format", ("ruff", "format", "--check", "--quiet", ".")),
    Step("lint", ("ruff", "check", "--quiet", ".")),
    Step("types", ("mypy",)),
    Step("layers", ("lint-imports", "--no-logo")),
)
FAST = (
    *STATIC,
    Step("fast tests", (*PYTEST, "--hypothesis-profile=fast", "-m", QUICK)),
)
WHOLE = (
    *STATIC,
    Step("long tests", (*PYTEST, "-m", "slow or uncovered")),
    Step("tests", (*PYTEST, "-m", QUICK, "--cov", "--cov-report=term")),
)
# Without byte code the tests, and each command that they start, compile everything anew.
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}


def run(step: Step) -> bool:
    """Run one step, say how it went, and tell whether it passed."""
    program, *arguments = step.command
    began = time.monotonic()
    done = subprocess.run(
        [SCRIPTS / program, *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    seconds = time.monotonic() - began
    passed = done.returncode == 0
    said = done.stdout.rstrip()
    print(f"{'ok' if passed else 'FAIL':4}  {step.name:10}  {seconds:6.1f} s", flush=True)
    if not passed:
        print(said or f"exit code {done.returncode}", flush=True)
    elif program == "pytest":
        print(said.splitlines()[-1], flush=True)
    return passed


def main() -> int:
    """Run the steps one after the other, all of them, whatever fails."""
    parser = argparse.ArgumentParser(description="Run the project's gate.")
    parser.add_argument("--fast", action="store_true", help="only the quick part")
    steps = FAST if parser.parse_args().fast else WHOLE
    failed = [step.name for step in steps if not run(step)]
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
