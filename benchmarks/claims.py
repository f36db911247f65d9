"""Count the claims about simulated tasks that are false, by kind of sentence.

    python -m benchmarks.claims --photos 20000 --continuations 20

Every history of the simulated engine is photographed once. Each sentence of `explain`, each
fact of `show` and each figure of the page is judged by what really happened, and by so many
ways in which the task can go on. Told is how many claims of each kind were judged, how many
are false, and how many bounds are beaten without the broken assumption beside them; then
each reason with its smallest example.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from taskgraph.settings import DEFAULTS, Settings
from tests.engine.case import BEATEN
from tests.engine.claims import ClaimTrial, Judged, try_claims, try_dag_claims

DAGS = 2000


def main() -> int:
    parser = argparse.ArgumentParser(description="Count false claims.")
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--continuations", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--overhead", type=int, default=DEFAULTS.overhead)
    parser.add_argument("--grace", type=int, default=DEFAULTS.grace)
    parser.add_argument("--attempts", type=int, default=DEFAULTS.attempts)
    parser.add_argument("--only", default="", help="show the reasons of one kind")
    options = parser.parse_args()
    settings = Settings(
        overhead=options.overhead, grace=options.grace, attempts=options.attempts
    )
    began = time.monotonic()
    total: Counter[str] = Counter()
    false: Counter[str] = Counter()
    beaten: Counter[str] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    smallest: dict[tuple[str, str], tuple[int, ClaimTrial, Judged]] = {}
    for seed in range(options.first, options.first + options.photos):
        trial = try_claims(seed, options.continuations, settings)
        for judged in trial.judged:
            total[judged.kind] += 1
            bounds = [reason.startswith(BEATEN) for reason in judged.reasons]
            beaten[judged.kind] += any(bounds)
            false[judged.kind] += not all(bounds)
            for key in judged.keys:
                reasons[key] += 1
                example = (len(trial.data), trial, judged)
                if key not in smallest or example[0] < smallest[key][0]:
                    smallest[key] = example
    dags = Counter(
        key for seed in range(DAGS) for j in try_dag_claims(seed) for key in j.keys
    )
    print(f"{options.photos:,} photographs, {options.continuations} ways on each")
    print(f"in {time.monotonic() - began:.0f} s")
    print(f"{'kind':28}{'judged':>9}{'false':>9}{'beaten':>9}")
    for kind in sorted(total):
        print(f"{kind:28}{total[kind]:9,}{false[kind]:9,}{beaten[kind]:9,}")
    for key, count in sorted(reasons.items()):
        if key[0].startswith(options.only):
            _, trial, judged = smallest[key]
            print(f"{count:7,}  {key[0]}: {key[1]}")
            print(f"         seed {trial.seed}, {trial.dialect}: {judged.text}")
    print(f"{DAGS:,} DAGs of obshell, one photograph each")
    for (kind, reason), count in sorted(dags.items()):
        print(f"{count:7,}  {kind}: {reason}")
    print(f"{total.total():,} claims: {false.total():,} false, {beaten.total():,} beaten")
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main())
