"""Edges that contradict the states or times of their ends, grouped into faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Star", "stars"]


class Star(NamedTuple):
    """Violating edges that one node has in common: most likely it is the wrong one."""

    center: int
    others: tuple[int, ...]
    is_upstream: bool
    """Whether the center is the upstream end of each edge."""


def stars(edges: Iterable[tuple[int, int]], *, prefer_upstream: bool = False) -> list[Star]:
    """Group violating edges so that one wrong value gives one fault.

    A subtask with a wrong status or time contradicts all its neighbours. So each edge
    goes to that one of its ends which has more violating edges on its side.

    Parameters
    ----------
    edges : iterable of (int, int)
        As (upstream, downstream).
    prefer_upstream : bool
        Which end an edge goes to in a tie.

    Returns
    -------
    list of Star
        Ascending, each edge in exactly one.
    """
    edges = sorted(edges)
    if not edges:
        return []
    below = Counter(upstream for upstream, _ in edges)
    above = Counter(downstream for _, downstream in edges)
    groups: dict[tuple[int, bool], list[int]] = {}
    for upstream, downstream in edges:
        if below[upstream] > above[downstream] - prefer_upstream:
            groups.setdefault((upstream, True), []).append(downstream)
        else:
            groups.setdefault((downstream, False), []).append(upstream)
    return sorted(
        Star(center, tuple(others), is_upstream)
        for (center, is_upstream), others in groups.items()
    )
