"""Many documents at once: what they say together about durations, failures and odds."""

from __future__ import annotations

from taskgraph.history.collecting import Collected, Progress, collect
from taskgraph.history.database import Limits
from taskgraph.history.engines import Engine, open_engine
from taskgraph.history.store import RunStore

__all__ = [
    "Collected",
    "Engine",
    "Limits",
    "Progress",
    "RunStore",
    "collect",
    "open_engine",
]
