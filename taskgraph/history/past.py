"""What a store of runs says of one task: given to its analysis, which asks for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.past import Forecast, Foreseen, SlowSubtask, TimeoutNeed
from taskgraph.history.advising import advise_timeouts, need_of
from taskgraph.history.chances import OddsOptions, odds_by_runs
from taskgraph.history.database import OpenStore, open_tables
from taskgraph.history.departures import AnomalyKind, find_anomalies
from taskgraph.history.engines import needs_extras
from taskgraph.history.pools import OutcomeBasis
from taskgraph.history.store import RunStore
from taskgraph.model.durations import moment_after
from taskgraph.model.task import Task

_HALF, _MOST = 0.5, 0.9
_NEEDED = 9
"""With fewer runs none of them shows what nine of ten do not exceed."""
_GUESSED = frozenset({OutcomeBasis.TIMEOUT, OutcomeBasis.NOTHING, OutcomeBasis.REST})


class StoredPast:
    """The runs that were collected in a store: the past that an analysis asks.

    Its answers raise ConfigError if nothing was collected there.
    """

    def __init__(self, store: RunStore) -> None:
        self.store = OpenStore(store.folder)

    def forecast(self, analysis: Analysis) -> Forecast | None:
        """Tell when it is likely done: the quantiles of its odds."""
        since = analysis.as_of
        likely = odds_by_runs(analysis, self.store, OddsOptions(window=0), quick=True)
        is_over = all(row.basis is OutcomeBasis.DONE for row in likely.subtasks)
        if since is None or likely.failed is None or is_over:
            return None
        rows = enumerate(likely.subtasks)
        guessed = tuple(node for node, row in rows if row.basis in _GUESSED)
        is_known = likely.runs >= _NEEDED and not guessed
        times = {}
        for one in likely.quantiles if is_known else ():
            moment = moment_after(since, one.value)
            if moment is not None:
                times[one.share] = Foreseen(moment, one.is_least)
        return Forecast(
            runs=likely.runs,
            needed=_NEEDED,
            half=times.get(_HALF),
            most=times.get(_MOST),
            failing=likely.failed,
            guessed=guessed,
        )

    def slow(self, analysis: Analysis) -> tuple[SlowSubtask, ...]:
        """Name what runs for longer than is usual, by what departs from its kind."""
        departures = find_anomalies(analysis, self.store).found
        index = analysis.graph.index
        return tuple(
            SlowSubtask(
                index[one.ids[0]],
                one.value_us or 0,
                one.usual_us or 0,
                one.others,
                one.others - one.alike,
            )
            for one in departures
            if one.kind is AnomalyKind.SLOW and one.is_running
        )

    def timeout_needs(self, task: Task) -> Mapping[str, TimeoutNeed]:
        """Tell what healthy runs need, by what `advise_timeouts` says of them."""
        return self._needs.get(task.unredacted(task.name), {})

    def attempts(self, task: Task) -> Mapping[str, int]:
        """Give the largest number of attempts of each subtask that had several."""
        return self._attempts.get(task.unredacted(task.name), {})

    @cached_property
    def _needs(self) -> dict[str, dict[str, TimeoutNeed]]:
        """All needs, by task and subtask: of many tasks each asks for its own."""
        needs = defaultdict[str, dict[str, TimeoutNeed]](dict)
        for advice in advise_timeouts(self.store):
            need = need_of(advice)
            if advice.task is not None and need is not None:
                needs[advice.task][advice.subtask] = need
        return needs

    @cached_property
    @needs_extras
    def _attempts(self) -> dict[str, dict[str, int]]:
        counts = defaultdict[str, dict[str, int]](dict)
        with open_tables(self.store) as connection:
            for kind, name, count in connection.execute(_ATTEMPTS).fetchall():
                counts[kind][name] = count
        return counts


_ATTEMPTS = """
SELECT task, name, max(attempts)
FROM subtasks JOIN current USING (part, task_row)
WHERE attempts > 1 GROUP BY task, name
"""
