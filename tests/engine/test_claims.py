"""No claim about a simulated task is false, but for those that are known to be.

``python -m benchmarks.claims`` does the same with many more.
"""

from __future__ import annotations

from functools import cache

import pytest

from tests.engine.claims import FIGURES, SENTENCES, ClaimTrial, try_claims, try_dag_claims
from tests.engine.known_false import KNOWN_FALSE, KNOWN_OF_OBSHELL
from tests.reports.proofs import PROOFS

pytestmark = pytest.mark.slow

CONTINUATIONS = 12  # each fate comes once
KNOWN = {
    (kind, reason): seed
    for kind, reasons in KNOWN_FALSE.items()
    for reason, seed in reasons.items()
}


@cache
def trial(seed: int) -> ClaimTrial:
    return try_claims(seed, CONTINUATIONS)


def assert_no_other(seeds: range) -> None:
    """Assert that nothing is false but what is known to be."""
    for seed in seeds:
        for judged in trial(seed).judged:
            unknown = set(judged.keys) - KNOWN.keys()
            assert not unknown, f"seed {seed}, {trial(seed).dialect}: {judged.text}"


def test_a_seed_gives_one_judgement() -> None:
    assert try_claims(3, 4) == try_claims(3, 4)


def test_no_other_claim_is_false() -> None:
    assert_no_other(range(150))


def test_no_other_claim_is_false_of_many() -> None:
    assert_no_other(range(150, 3000))


@pytest.mark.parametrize("kind", sorted(KNOWN_FALSE))
def test_what_is_known_to_be_false_still_is(kind: str) -> None:
    """Whoever mends a kind of sentence takes its reasons out of the table."""
    for reason, seed in KNOWN_FALSE[kind].items():
        keys = {key for judged in trial(seed).judged for key in judged.keys}
        assert (kind, reason) in keys, f"mended? then take {reason!r} out of KNOWN_FALSE"


def test_no_other_claim_about_a_dag_is_false() -> None:
    keys = {key for seed in range(200) for j in try_dag_claims(seed) for key in j.keys}
    assert keys == KNOWN_OF_OBSHELL, "mended? then take it out of KNOWN_OF_OBSHELL"


def test_every_kind_of_sentence_has_a_judge() -> None:
    assert SENTENCES.keys() == PROOFS.keys()


def test_every_kind_is_met() -> None:
    """A judge that never judges proves nothing."""
    met = {judged.kind for seed in range(150) for judged in trial(seed).judged}
    assert len(met & SENTENCES.keys()) > 50
    assert len(met & FIGURES.keys()) > 20
