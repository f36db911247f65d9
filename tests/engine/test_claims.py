"""No claim about a simulated task is false, and no bound beaten by what is not named.

``python -m benchmarks.claims`` does the same with many more.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.engine.claims import (
    FIGURES,
    SENTENCES,
    ClaimTrial,
    try_claims,
    try_dag_claims,
    try_forecast,
)
from tests.reports.proofs import PROOFS

pytestmark = [pytest.mark.slow, pytest.mark.uncovered]

_FORESEEN = ("Likely done", "Slow")
CONTINUATIONS = 12  # each fate comes once


@cache
def trial(seed: int) -> ClaimTrial:
    return try_claims(seed, CONTINUATIONS)


def test_a_seed_gives_one_judgement() -> None:
    assert try_claims(3, 4) == try_claims(3, 4)


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_no_claim_is_false(first: int) -> None:
    for seed in range(first, first + 50):
        for judged in trial(seed).judged:
            assert not judged.reasons, f"seed {seed}, {trial(seed).dialect}: {judged.text}"


def test_no_claim_about_a_dag_is_false() -> None:
    for seed in range(200):
        for judged in try_dag_claims(seed):
            assert not judged.reasons, f"seed {seed}: {judged.text}"


def test_nothing_that_past_runs_say_is_false(tmp_path: Path) -> None:
    met = Counter[str]()
    for seed in range(30):
        folder = tmp_path / str(seed)
        folder.mkdir()
        for judged in try_forecast(seed, folder):
            assert not judged.reasons, f"seed {seed}: {judged.text}: {judged.reasons}"
            met[judged.kind] += 1
    kinds = ("likely", "likely-unknown", "slow")
    facts = [f"{where}: {what}" for where in ("show", "page") for what in _FORESEEN]
    assert all(met[kind] for kind in (*kinds, *facts)), met


def test_every_kind_of_sentence_has_a_judge() -> None:
    assert SENTENCES.keys() == PROOFS.keys()


def test_every_kind_is_met() -> None:
    """A judge that never judges proves nothing."""
    met = {judged.kind for seed in range(150) for judged in trial(seed).judged}
    assert len(met & SENTENCES.keys()) > 50
    assert len(met & FIGURES.keys()) > 20
