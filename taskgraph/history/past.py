"""What a store of runs says of one task: given to its analysis, which asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.past import Forecast, Foreseen, SlowSubtask
from taskgraph.history.anomalies import AnomalyKind, find_anomalies
from taskgraph.history.odds import OddsOptions, odds
from taskgraph.history.pools import OutcomeBasis
from taskgraph.history.store import RunStore

__all__ = ["StoredPast"]

_HALF, _MOST = 0.5, 0.9
_NEEDED = 9
"""With fewer runs none of them shows what nine of ten do not exceed."""
_GUESSED = frozenset({OutcomeBasis.TIMEOUT, OutcomeBasis.NOTHING, OutcomeBasis.REST})


@dataclass(frozen=True)
class StoredPast:
    """The runs that were collected in a store: the past that an analysis asks.

    Its answers raise ConfigError if nothing was collected there.
    """

    store: RunStore

    def forecast(self, analysis: Analysis) -> Forecast | None:
        """Tell when it is likely done: the quantiles of its odds."""
        since = analysis.as_of
        found = odds(analysis, self.store, OddsOptions(window=0))
        if since is None or all(row.basis is OutcomeBasis.DONE for row in found.subtasks):
            return None
        rows = enumerate(found.subtasks)
        guessed = tuple(node for node, row in rows if row.basis in _GUESSED)
        is_known = found.runs >= _NEEDED and not guessed
        times = {}
        for one in found.quantiles if is_known else ():
            moment = since + timedelta(microseconds=one.value)
            times[one.share] = Foreseen(moment, one.is_least)
        return Forecast(
            runs=found.runs,
            needed=_NEEDED,
            half=times.get(_HALF),
            most=times.get(_MOST),
            failing=found.failed,
            guessed=guessed,
        )

    def slow(self, analysis: Analysis) -> tuple[SlowSubtask, ...]:
        """Name what runs for longer than is usual, by what departs from its kind."""
        found = find_anomalies(analysis, self.store).found
        index = analysis.graph.index
        return tuple(
            SlowSubtask(
                index[one.ids[0]],
                one.value_us or 0,
                one.usual_us or 0,
                one.others,
                one.others - one.alike,
            )
            for one in found
            if one.kind is AnomalyKind.SLOW and one.is_running
        )
