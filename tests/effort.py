"""How many examples a property test tries."""

from __future__ import annotations

from hypothesis import settings

_GATE = 50  # what the profile of the gate gives a test that asks for nothing


def examples(number: int) -> settings:
    """Ask for a number of examples in the gate; other profiles try more, or fewer.

    A number given to hypothesis itself would hold whatever the profile says.
    """
    return settings(max_examples=max(1, number * settings().max_examples // _GATE))
