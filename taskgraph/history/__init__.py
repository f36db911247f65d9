"""Many documents at once: what they say together about durations, failures and odds.

The libraries that this takes are imported when they are needed; one that is missing is a
:class:`~taskgraph.errors.ConfigError` that says what to install.
"""

from __future__ import annotations

from taskgraph.history.advice import Advice, AdviceOptions, Verdict, advice_for
from taskgraph.history.anomalies import Anomalies, find_anomalies
from taskgraph.history.anomaly import Anomaly, AnomalyKind, AnomalyOptions
from taskgraph.history.collecting import Collected, Progress, collect
from taskgraph.history.database import Limits
from taskgraph.history.engines import Engine, open_engine
from taskgraph.history.odds import Odds, OddsOptions, odds
from taskgraph.history.patches import TimeoutPatch, timeout_patch
from taskgraph.history.plain import to_plain
from taskgraph.history.statistics import Distribution, KindStats, Statistics, statistics
from taskgraph.history.store import RunStore
from taskgraph.history.timeouts import advise_timeouts

__all__ = [
    "Advice",
    "AdviceOptions",
    "Anomalies",
    "Anomaly",
    "AnomalyKind",
    "AnomalyOptions",
    "Collected",
    "Distribution",
    "Engine",
    "KindStats",
    "Limits",
    "Odds",
    "OddsOptions",
    "Progress",
    "RunStore",
    "Statistics",
    "TimeoutPatch",
    "Verdict",
    "advice_for",
    "advise_timeouts",
    "collect",
    "find_anomalies",
    "odds",
    "open_engine",
    "statistics",
    "timeout_patch",
    "to_plain",
]
