"""Which timeouts to lower so that the worst case of a task fits a window.

The worst case is linear in the timeouts: a longest path, or the bound of Graham where
subtasks may wait for a slot. So the least risk, of which each subtask's is a convex line of
its timeout, is the trade-off between time and cost of Kelley and Fulkerson (1961), and is
solved by HiGHS (Huangfu and Hall, 2018): in whole seconds where few timeouts may be
lowered, else rounded down to them. For the fewest changes no fast way is known: few are
searched through, of many a good choice is made. A bound that nothing can be below is told
with each.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import NamedTuple, TypeAlias

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.budget import Budget
from taskgraph.analysis.concurrency import upper_bound
from taskgraph.analysis.schedule import makespan
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.history.database import HEALTHY, open_tables
from taskgraph.history.engines import needs_extras
from taskgraph.history.store import RunStore
from taskgraph.model.durations import format_duration
from taskgraph.model.engine import SECOND, has_limit
from taskgraph.model.task import Id, Task

_Point: TypeAlias = tuple[int, float]
"""Seconds, and the risk there."""
_MOST_EXACT, _MOST_BRANCHES = 100, 200
"""The most timeouts whose values are searched through, and how far that may go: no clock
decides, so that every machine gives the same.
"""
_EVENLY = 1e-3
_TOLERANCE = 1e-6
"""Of the numbers that a program gives."""
_RISK = 1e4
"""The unit of risks in the program: small numbers are lost in its tolerances."""


class Lowered(NamedTuple):
    """A timeout that becomes shorter.

    Attributes
    ----------
    before, after : int
        Seconds.
    runs : int
        Healthy runs that are known of it; 0 without a history.
    longer : int
        How many of them took longer than the new timeout.
    """

    node: int
    id: Id
    name: str
    before: int
    after: int
    runs: int = 0
    longer: int = 0


@dataclass(frozen=True, slots=True)
class Fit:
    """Timeouts with which the worst case fits a window.

    Attributes
    ----------
    task : Task
        As it is.
    window : int
        Seconds.
    by_runs : bool
        The risk is the least by the history; else the changes are the fewest.
    lowered : tuple of Lowered
        In the order of the nodes.
    cost : float
        The risk: how many subtasks of a run are cut for that, in the mean, at most; or how
        many changes there are.
    proven : float
        No other timeouts cost less than this.
    """

    task: Task = field(compare=False, repr=False)
    window: int
    before: Budget = field(repr=False)
    after: Budget = field(repr=False)
    by_runs: bool
    lowered: tuple[Lowered, ...]
    cost: float
    proven: float

    @property
    def is_exact(self) -> bool:
        """Whether nothing cheaper fits."""
        return self.cost - self.proven <= 1e-6 * max(1.0, self.cost)


@needs_extras
def fit_timeouts(analysis: Analysis, window: int, store: RunStore | None = None) -> Fit:
    """Lower timeouts so that the worst case fits a window of seconds.

    With past runs only timeouts with healthy ones are lowered, none below what half of
    them took, at the least risk. Without, the fewest are lowered, as evenly as possible.

    Raises AnalysisError where the graph is not sound, ConfigError if something has no
    limit, nothing fits, or nothing was collected there.
    """
    analysis.graph.require_sound()
    before, task, file = analysis.budget, analysis.task, analysis.task.origin.file
    if before.unlimited:
        raise ConfigError(
            f"{file}: a subtask without a timeout makes the worst case unbounded, so that "
            "no window fits\n  hint: give it one, or assume one: --assume-timeout"
        )
    known = None if store is None else _past(store, task)
    if before.seconds <= window:
        return Fit(task, window, before, before, store is not None, (), 0.0, 0.0)
    if not any(map(has_limit, analysis.graph.subtasks)):
        each = format_duration(analysis.assumed_timeout or 0)
        raise ConfigError(
            f"{file}: the document has no timeouts to lower: with the {each} that each is "
            f"assumed to have the worst case is {format_duration(before.seconds)}, which "
            f"does not fit {format_duration(window)}"
        )
    program = _Program(analysis, window, known)
    if (least := program.worst(program.floors)) > window:
        low = "at one second" if store is None else "at the least that past runs allow"
        raise ConfigError(
            f"{file}: no timeouts fit {format_duration(window)}: with every one {low} the "
            f"worst case is {format_duration(least)}"
        )
    choose = program.fewest_changes if store is None else program.least_risk
    timeouts, cost, proven = choose()
    changed = build_graph(changed_task(task, analysis.graph, timeouts))
    after = Analysis(changed, analysis.settings, analysis.past).budget
    lowered = tuple(_lowered(program, node, timeouts[node]) for node in sorted(timeouts))
    return Fit(task, window, before, after, store is not None, lowered, cost, proven)


def _lowered(program: _Program, node: int, after: int) -> Lowered:
    subtask = program.subtasks[node]
    past = program.past(node)
    return Lowered(
        node=node,
        id=subtask.id,
        name=subtask.name,
        before=program.timeout(node),
        after=after,
        runs=sum(count for _, count in past),
        longer=sum(count for seconds, count in past if seconds > after),
    )


def changed_task(task: Task, graph: TaskGraph, timeouts: Mapping[int, int]) -> Task:
    """Give a task with other timeouts, by node."""
    new = {graph.subtasks[node].id: seconds for node, seconds in timeouts.items()}
    subtasks = (sub._replace(timeout=new.get(sub.id, sub.timeout)) for sub in task.subtasks)
    return replace(task, subtasks=tuple(subtasks))


def _past(store: RunStore, task: Task) -> dict[str, list[tuple[int, int]]]:
    """Give for each name how many healthy runs took so many seconds, rounded up."""
    curves: dict[str, list[tuple[int, int]]] = {}
    with open_tables(store) as connection:
        kind = {"task": task.unredacted(task.name)}
        rows = connection.execute(_SECONDS, kind).fetchall()
    for name, seconds, count in rows:
        curves.setdefault(name, []).append((seconds, count))
    return curves


class _Program:
    """A linear program in whole timeouts; its columns come first, then others."""

    def __init__(
        self,
        analysis: Analysis,
        window: int,
        known: Mapping[str, list[tuple[int, int]]] | None,
    ) -> None:
        self.analysis, self.window = analysis, window
        self.subtasks = analysis.graph.subtasks
        self.known = known or {}
        self.may_wait = analysis.budget.bounds.may_wait
        times = analysis.schedule
        spans = zip(times.early_finish, times.late_start, times.durations, strict=True)
        # A path that is short enough stays so, whatever becomes of the others.
        through = [end + times.makespan - late - own for end, late, own in spans]
        self.nodes = [
            node for node, long in enumerate(through) if self.may_wait or long > window
        ]
        floors = {node: self._floor(node, known is None) for node in self.nodes}
        self.floors = {n: floor for n, floor in floors.items() if floor < self.timeout(n)}
        self.columns = {node: column for column, node in enumerate(self.floors)}
        self.width = len(self.columns)
        self.rows: list[dict[int, float]] = []
        self.least: list[float] = []
        self.bounds: list[tuple[float, float]] = [
            (floor, self.timeout(node)) for node, floor in self.floors.items()
        ]
        self._add_paths()

    def timeout(self, node: int) -> int:
        """Give the timeout of a node as it is; 0 is none."""
        return self.subtasks[node].timeout or 0

    def past(self, node: int) -> list[tuple[int, int]]:
        """Give how many healthy runs of a node took so many seconds, rounded up."""
        return self.known.get(self.analysis.graph.unredacted[node].name, [])

    def _floor(self, node: int, is_any: bool) -> int:
        """Give the least that a timeout may become."""
        subtask = self.subtasks[node]
        if not has_limit(subtask):
            return self.timeout(node)
        if is_any:
            return 1
        past = self.past(node)
        half = sum(count for _, count in past) / 2
        sums = accumulate(count for _, count in past)
        reached = (
            seconds for (seconds, _), sum_ in zip(past, sums, strict=True) if sum_ >= half
        )
        return next(reached, self.timeout(node))

    def _column(self, low: float, high: float) -> int:
        self.bounds.append((low, high))
        return len(self.bounds) - 1

    def _require(self, row: dict[int, float], least: float) -> None:
        """Demand that a sum of columns is no less than a number."""
        self.rows.append(row)
        self.least.append(least)

    def _add_paths(self) -> None:
        """Demand that every path, and what waits, ends within the window."""
        graph, durations = self.analysis.graph, self.analysis.worst_durations
        attempts, limit = self.analysis.attempts, self.analysis.slots
        inside = set(self.nodes)
        ends = {node: self._column(0, math.inf) for node in self.nodes}
        last = self._column(0, math.inf if self.may_wait else self.window)
        fixed = {
            node: durations[node]
            - attempts[node] * self.timeout(node) * (node in self.columns)
            for node in self.nodes
        }
        for node in self.nodes:
            own = {ends[node]: 1.0}
            if node in self.columns:
                own[self.columns[node]] = -attempts[node]
            before = [up for up in graph.upstreams[node] if up in inside]
            for upstream in before:
                self._require(own | {ends[upstream]: -1.0}, fixed[node])
            if not before:
                self._require(own, fixed[node])
            if not any(down in inside for down in graph.downstreams[node]):
                self._require({last: 1.0, ends[node]: -1.0}, 0)
        if self.may_wait:
            row = {column: -float(attempts[node]) for node, column in self.columns.items()}
            most = limit * self.window + limit - 1
            self._require(row | {last: 1.0 - limit}, sum(fixed.values()) - most)

    def worst(self, timeouts: Mapping[int, int]) -> int:
        """Give the worst case with other timeouts, by node."""
        graph, attempts = self.analysis.graph, self.analysis.attempts
        durations = list(self.analysis.worst_durations)
        for node, seconds in timeouts.items():
            durations[node] -= attempts[node] * (self.timeout(node) - seconds)
        longest, limit = makespan(graph, durations), self.analysis.slots
        return upper_bound(sum(durations), longest, limit, may_wait=self.may_wait)

    def least_risk(self) -> tuple[dict[int, int], float, float]:
        """Lower timeouts at the least risk, each on its convex line."""
        costs = {}
        lines = {node: self._line(node) for node in self.columns}
        for node, column in self.columns.items():
            cost = self._column(0, math.inf)
            costs[cost] = 1.0
            for (low, risk), (high, other) in lines[node]:
                slope = (other - risk) / (high - low)
                self._require({cost: 1.0, column: -slope}, risk - slope * low)
        is_few = self.width <= _MOST_EXACT
        solution, bound = self._solve(costs, range(self.width) if is_few else ())
        timeouts = self._read(solution)
        cost_of = sum(_at(lines[node], seconds) for node, seconds in timeouts.items())
        return timeouts, cost_of / _RISK, bound / _RISK

    def _line(self, node: int) -> list[tuple[_Point, _Point]]:
        """Give the pieces of the risk of a timeout, as pairs of (seconds, risk).

        Of so many healthy runs and the next one each is as likely to be the longest, so at
        most ``(1 + longer) / (1 + runs)`` is the chance that the next is cut. The lowest
        convex line through these points ends at the present timeout, which costs nothing.
        """
        past, timeout = self.past(node), self.timeout(node)
        runs = sum(count for _, count in past)
        longer = runs
        points: list[_Point] = []
        for seconds, count in past:
            longer -= count
            if self.floors[node] <= seconds < timeout:
                points.append((seconds, _RISK * (1 + longer) / (1 + runs)))
        hull: list[_Point] = []
        for point in [*points, (timeout, 0.0)]:
            while len(hull) > 1 and _is_above(hull[-2], hull[-1], point):
                hull.pop()
            hull.append(point)
        return list(pairwise(hull))

    def fewest_changes(self) -> tuple[dict[int, int], float, float]:
        """Lower the fewest timeouts, then those as evenly as possible."""
        chosen = {}
        for node, column in self.columns.items():
            chosen[node] = self._column(0, 1)
            timeout = self.timeout(node)
            self._require({column: 1.0, chosen[node]: timeout - self.floors[node]}, timeout)
        is_few = self.width <= _MOST_EXACT
        counted = dict.fromkeys(chosen.values(), 1.0)
        solution, bound = self._solve(counted, list(counted) if is_few else ())
        proven = math.ceil(bound - _TOLERANCE)
        shares = {node: solution[column] for node, column in chosen.items()}
        if is_few:
            lowered = {node for node, share in shares.items() if share > 0.5}
        else:
            lowered = self._enough(sorted(shares, key=lambda node: (-shares[node], node)))
        for node, column in chosen.items():
            self.bounds[column] = (int(node in lowered),) * 2
        most = self._column(0, 1)
        costs = {most: 1.0}
        for node, column in self.columns.items():
            timeout = self.timeout(node)
            self._require({column: 1.0, most: timeout}, timeout)
            costs[column] = -_EVENLY / self.width / timeout
        return self._read(self._solve(costs, ())[0]), len(lowered), proven

    def _enough(self, nodes: Sequence[int]) -> set[int]:
        """Choose what is enough to fit: the first of some nodes, and of those no more."""

        def fits(some: Iterable[int]) -> bool:
            return self.worst({node: self.floors[node] for node in some}) <= self.window

        count = bisect_left(range(len(nodes)), True, key=lambda many: fits(nodes[:many]))
        chosen = list(nodes[:count])
        for node in reversed(nodes[:count]):
            rest = [other for other in chosen if other != node]
            if fits(rest):
                chosen = rest
        return set(chosen)

    def _solve(
        self, costs: Mapping[int, float], whole: Sequence[int]
    ) -> tuple[list[float], float]:
        """Give the values of all columns, and what nothing costs less than."""
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        width = len(self.bounds)
        entries = [(r, c, v) for r, row in enumerate(self.rows) for c, v in row.items()]
        rows, columns, values = zip(*entries, strict=True)
        matrix = csr_array((values, (rows, columns)), shape=(len(self.rows), width))
        weights, integral = np.zeros(width), np.zeros(width)
        weights[list(costs)] = list(costs.values())
        integral[list(whole)] = 1
        low, high = np.array(self.bounds).T
        solution = milp(
            weights,
            integrality=integral,
            bounds=Bounds(low, high),
            constraints=LinearConstraint(matrix, lb=np.array(self.least)),
            options={"mip_rel_gap": 0.0, "node_limit": _MOST_BRANCHES},
        )
        if solution.x is None:
            raise ConfigError("no timeouts that fit were found among so many")
        bound = solution.fun if solution.mip_dual_bound is None else solution.mip_dual_bound
        return solution.x.tolist(), float(bound)

    def _read(self, solution: Sequence[float]) -> dict[int, int]:
        """Give the timeouts that became shorter."""
        new = {
            node: math.floor(solution[column] + _TOLERANCE)
            for node, column in self.columns.items()
        }
        return {node: after for node, after in new.items() if after < self.timeout(node)}


def _at(pieces: Iterable[tuple[_Point, _Point]], seconds: int) -> float:
    """Give the height of a convex line."""
    return max(
        risk + (other - risk) * (seconds - low) / (high - low)
        for (low, risk), (high, other) in pieces
    )


def _is_above(a: _Point, b: _Point, c: _Point) -> bool:
    """Tell whether the middle one of three points is on or above the line of the others."""
    return bool((b[1] - a[1]) * (c[0] - a[0]) >= (c[1] - a[1]) * (b[0] - a[0]))


_SECONDS = f"""
SELECT name, greatest((span_us + {SECOND} - 1) // {SECOND}, 1) AS seconds, count(*)
FROM subtasks JOIN current USING (part, task_row)
WHERE task = $task AND {HEALTHY}
GROUP BY ALL ORDER BY name, seconds
"""
