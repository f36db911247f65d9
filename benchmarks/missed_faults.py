"""Count the faults that the checks miss in documents broken on purpose.

    python -m benchmarks.missed_faults --mutations 20000

The operators take turns. Each breaks a simulated document; whether the result is still
something that the engine writes is decided by the simulator, and such a document is put
aside. Told is, for each operator, how many were found by the rule that names the fault.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter

from tests.engine.mutations import MUTATIONS
from tests.engine.trial import MutationTrial, try_mutation

EXPLAINED = {
    "TG110": "where two splits share their name and their neighbours, the parts of one "
    "fill the gap of the other: such a document may as well be whole"
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Count missed faults.")
    parser.add_argument("--mutations", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--show", type=int, default=2, help="how many misses to describe")
    parser.add_argument("--documents", action="store_true", help="show their documents")
    options = parser.parse_args()
    began = time.monotonic()
    made: Counter[str] = Counter()
    found: Counter[str] = Counter()
    legal = unbroken = 0
    for seed in range(options.first, options.first + options.mutations):
        trial = try_mutation(seed)
        legal += trial.still_legal
        if trial.document is None:
            unbroken += 1
            continue
        name = trial.mutation.name
        made[name] += 1
        found[name] += trial.is_found
        if not trial.is_found and made[name] - found[name] <= options.show:
            describe(trial, options.documents)
    print(f"{'rule':7}{'operator':36}{'found':>7}{'of':>7}")
    for mutation in MUTATIONS:
        name = mutation.name
        print(f"{mutation.code:7}{name:36}{found[name]:7,}{made[name]:7,}")
    total = made.total()
    print(f"{total:,} mutations in {time.monotonic() - began:.0f} s; {legal:,} documents")
    print(f"were still legal and put aside, {unbroken:,} could not be broken")
    print(f"found by the rule that names them: {found.total() / max(1, total):.3%}")
    return 1 if found.total() < 0.999 * total else 0


def describe(trial: MutationTrial, with_document: bool) -> None:
    codes = sorted({finding.code for finding in trial.findings})
    print(f"seed {trial.seed}, {trial.dialect}: {trial.mutation.code} misses what")
    print(f"  '{trial.mutation.name}' did; others say {codes}")
    print(f"  {EXPLAINED.get(trial.mutation.code, 'not explained yet')}")
    if with_document:
        print(json.dumps(trial.document, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
