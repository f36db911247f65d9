"""Many documents at once: what they say together about durations, failures and odds.

The results are typed and frozen; what is said of them in words, and how they are written,
is a matter of the reports. The libraries that this takes are imported when they are needed;
one that is missing is a :class:`~taskgraph.errors.ConfigError` that says what to install.
"""

from __future__ import annotations

from taskgraph.history.advice import (
    Advice,
    AdviceOptions,
    PatchOperation,
    TaskReview,
    TimeoutPatch,
    TimeoutReview,
    Verdict,
    advice_for,
    review_task,
    timeout_patch,
)
from taskgraph.history.anomalies import (
    Anomalies,
    Anomaly,
    AnomalyKind,
    AnomalyOptions,
    find_anomalies,
)
from taskgraph.history.collecting import Collected, Collection, Progress, collect
from taskgraph.history.database import Limits
from taskgraph.history.engines import Engine, open_engine
from taskgraph.history.odds import Bin, Odds, OddsOptions, Quantile, SubtaskOdds, odds
from taskgraph.history.pools import OutcomeBasis
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
    "Bin",
    "Collected",
    "Collection",
    "Distribution",
    "Engine",
    "KindStats",
    "Limits",
    "Odds",
    "OddsOptions",
    "OutcomeBasis",
    "PatchOperation",
    "Progress",
    "Quantile",
    "RunStore",
    "Statistics",
    "SubtaskOdds",
    "TaskReview",
    "TimeoutPatch",
    "TimeoutReview",
    "Verdict",
    "advice_for",
    "advise_timeouts",
    "collect",
    "find_anomalies",
    "odds",
    "open_engine",
    "review_task",
    "statistics",
    "timeout_patch",
]
