"""Count the errors and warnings that simulated documents do not deserve.

    python -m benchmarks.false_alarms --histories 20000

Every history of the simulated engine is photographed once, at a random moment and in a
random dialect. What really happened decides which findings are deserved. Also told is how
often each deserved rule fired: some facts cannot be seen in every dialect. With
``--dags`` DAGs of obshell follow; none of them deserves an error or a warning.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.engine.trial import PhotoTrial, try_dag, try_photo


def main() -> int:
    parser = argparse.ArgumentParser(description="Count false alarms.")
    parser.add_argument("--histories", type=int, default=20_000)
    parser.add_argument("--dags", type=int, default=2000, help="DAGs of obshell besides")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--show", type=int, default=10, help="how many to describe")
    options = parser.parse_args()
    began = time.monotonic()
    dialects: Counter[str] = Counter()
    found: Counter[str] = Counter()
    silent: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    subtasks = 0
    for seed in range(options.first, options.first + options.histories):
        trial = try_photo(seed)
        dialects[trial.dialect] += 1
        found.update(trial.found)
        silent.update(trial.silent)
        subtasks += len(trial.photo.rows)
        for finding in trial.false_alarms:
            if wrong[finding.code] < options.show:
                describe(trial, f"{finding.code} {finding.severity}: {finding.message}")
            wrong[finding.code] += 1
    seconds = time.monotonic() - began
    for seed in range(options.first, options.first + options.dags):
        for finding in try_dag(seed).false_alarms:
            if wrong[finding.code] < options.show:
                print(f"DAG {seed}: {finding.code} {finding.severity}: {finding.message}")
            wrong[finding.code] += 1
    print(f"{options.histories:,} histories, one photograph each, {subtasks:,} subtasks")
    print(f"in {seconds:.0f} s; dialects: {dict(sorted(dialects.items()))}")
    print(f"{options.dags:,} DAGs of obshell, one photograph each")
    print(f"false errors and warnings: {wrong.total()} {dict(sorted(wrong.items()))}")
    print("deserved:   rule   fired  silent")
    for code in sorted(found | silent):
        print(f"            {code} {found[code]:7,} {silent[code]:7,}")
    return 1 if wrong else 0


def describe(trial: PhotoTrial, finding: str) -> None:
    after = trial.photo.moment - trial.photo.plan.submitted
    print(f"seed {trial.seed}, {trial.dialect}, {after} ms after submission: {finding}")


if __name__ == "__main__":
    sys.exit(main())
