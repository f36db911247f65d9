"""Many documents at once: what they say together about durations, failures and odds.

The results are typed and frozen; what is said of them in words, and how they are written,
is a matter of the reports: see :func:`taskgraph.report_history`. The libraries that this
takes are imported when they are needed; one that is missing is a
:class:`~taskgraph.errors.ConfigError` that says what to install.

The functions are imported when they are first asked for (PEP 562): the help of the command
shows the defaults, and must not wait for more. No module here may have the name of one of
them, for importing it would put it in the function's place.

Examples
--------
>>> from taskgraph import history, report_history
>>> history.collect(["responses/"], "runs")  # doctest: +SKIP
>>> print(report_history(history.stats("runs")))  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module

from taskgraph.history.defaults import (
    CONFIDENCE,
    LEAST_RUNS,
    MARGIN,
    MEMORY,
    RUNS,
    SHARE,
)

TYPE_CHECKING = False  # as in the package above
if TYPE_CHECKING:
    from typing import Any

    from taskgraph.history.questions import (
        anomalies,
        collect,
        compare_runs,
        fit,
        odds,
        stats,
        timeouts,
        trends,
    )

__all__ = [
    "CONFIDENCE",
    "LEAST_RUNS",
    "MARGIN",
    "MEMORY",
    "RUNS",
    "SHARE",
    "anomalies",
    "collect",
    "compare_runs",
    "fit",
    "odds",
    "stats",
    "timeouts",
    "trends",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module("taskgraph.history.questions"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
