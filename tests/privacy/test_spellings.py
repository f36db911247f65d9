"""The table of secrets and of harmless phrases, in every place that a document has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from taskgraph.privacy.masking import mask_value
from taskgraph.privacy.secrets import mask_text
from tests.privacy.spellings import HARMLESS, LEAK, SECRETS, VALUES

AROUND = ("{}", "x {} y", "Stop ({})", "a，{}", "[2025-01-16 11:43:38] INFO {}")


def test_the_tables_are_large_enough() -> None:
    assert len({*SECRETS}) >= 150
    assert len({*HARMLESS}) >= 150
    assert all(map(LEAK.search, SECRETS))


@pytest.mark.parametrize("secret", SECRETS)
def test_no_spelling_of_a_secret_stays(secret: str) -> None:
    for around in AROUND:
        masked = mask_text(around.replace("{}", secret))
        assert not LEAK.search(masked)
        assert mask_text(masked) == masked


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_no_secret_stays_in_a_value(value: Any) -> None:
    masked = mask_value(value)
    assert not LEAK.search(json.dumps(masked, ensure_ascii=False))
    assert mask_value(masked) == masked
    if isinstance(value, dict):
        assert not LEAK.search(mask_text(json.dumps(value)))


def test_what_only_looks_like_a_secret_stays_readable() -> None:
    changed = [phrase for phrase in HARMLESS if mask_text(phrase) != phrase]
    assert len(changed) <= 0.03 * len(HARMLESS), changed
