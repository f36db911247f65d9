"""Damage valid documents of every dialect and container, and read them.

    python -m tests.fuzz.fuzz_documents [--minutes 10] [--examples N]

Memory is bounded to 1 GiB, and each document to ten seconds. The first that does not end
in tasks or in an InputError stops the search and is printed, made small by hypothesis.
"""

from __future__ import annotations

import argparse
import sys
import time

from hypothesis import HealthCheck, given, settings

from tests.fuzz.mutations import damaged_documents
from tests.fuzz.target import bounded_memory, no_longer_than, try_bytes

_ROUND = 500
_SLOWEST = 10


def search(examples: int) -> None:
    """Try some new documents."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged_documents())
    def try_one(document: tuple[bytes, str]) -> None:
        with no_longer_than(_SLOWEST):
            try_bytes(*document)

    try_one()


def main() -> None:
    parser = argparse.ArgumentParser(description="Read damaged documents.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--examples", type=int, help="so many instead of so long")
    options = parser.parse_args()
    bounded_memory()
    if options.examples:
        search(options.examples)
        sys.stdout.write(f"{options.examples} documents: nothing found\n")
        return
    end = time.monotonic() + 60 * options.minutes
    count = 0
    while time.monotonic() < end:
        search(_ROUND)
        count += _ROUND
    sys.stdout.write(f"{count} documents: nothing found\n")


if __name__ == "__main__":
    main()
