"""What ran when, before anyone draws it.

For a task that ran, rows of measured times; for one that did not, the planned schedule
by timeouts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from taskgraph.analysis.analysis import Analysis
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.scene import (
    ALL_CRITICAL,
    Caption,
    absent,
    join_words,
    sizes,
    status_counts,
    subtitle,
    told_of_several,
)
from taskgraph.diagrams.selection import Cluster, Grouping, cluster_name, partitions, select
from taskgraph.diagrams.timeline_rows import Draft, Row, draft_rows
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_measured
from taskgraph.model.engine import MICROSECOND, SECOND
from taskgraph.model.statuses import URGENT, count_shown, look
from taskgraph.model.words import counted, id_list, title_of, visible

ROWS = 400
"""The most rows of a timeline, unless the user wants another number."""
_FITTING = 66
"""Subtasks share rows, by default, until there are so few."""
_PARTS = 60
"""In so many parts of its time a row of several tells how many ran at once."""
_DAY = 24 * 3600 * SECOND
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_ROUND = (
    *(step * 1000 for step in _STEPS),
    *(step * SECOND for step in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)),
    *(step * 3600 * SECOND for step in (1, 2, 3, 6, 12, 24, 48, 120, 240, 720, 2400)),
)
"""Steps of an axis in microseconds, from a millisecond to a hundred days."""


@dataclass(frozen=True, slots=True)
class Timeline(Caption):
    """What a timeline shows."""

    rows: tuple[Row, ...]
    """By start, then by finish, then by id."""
    begin: datetime | None
    """The moment of time 0; ``None`` for a plan."""
    end: int
    """The length of the timeline in microseconds."""
    now: int | None
    """The as-of moment, where it lies within the timeline of a task that runs."""
    path: tuple[int, ...] = ()
    """The rows of the as-run path in order; empty for a plan."""
    members: tuple[tuple[int, ...], ...] = ()
    """The nodes of each row: several where they share it."""
    bars: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """By node, from when to when each subtask ran or is planned, in a shared row too; not
    of what is yet to begin in a task that runs.
    """

    @property
    def planned(self) -> bool:
        """Whether nothing has run yet."""
        return self.begin is None

    @property
    def labels(self) -> list[str]:
        """The name of each row, with its id where another one has the name too."""
        same = Counter(row.name for row in self.rows)
        return [
            join_words((row.name, row.id_text)) if same[row.name] > 1 else row.name
            for row in self.rows
        ]

    @property
    def path_name(self) -> str:
        """What the marked rows are on."""
        return "critical path" if self.planned else "as-run path"

    def shows_limit(self, row: Row) -> bool:
        """Tell whether the end of a row's timeout, or of its float, lies in the picture."""
        return row.limit is not None and row.limit <= self.end


def marks(end: int, begin: datetime | None, most: int) -> list[tuple[int, str]]:
    """Choose round marks, as (place, label), for an axis from 0 to `end` microseconds.

    They are times of day where it is known when 0 was, else durations; at most so many,
    unless the axis is longer than some thousand days.
    """
    step = next((step for step in _ROUND if end // step < most), -(-end // most))
    first = 0
    if begin is not None:
        end = min(end, (datetime.max.replace(tzinfo=begin.tzinfo) - begin) // MICROSECOND)
        midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
        first = -((begin - midnight) // MICROSECOND) % step
    return [(place, _label(place, begin, step)) for place in range(first, end + 1, step)]


def _label(place: int, begin: datetime | None, step: int) -> str:
    if begin is None:
        return format_measured(place)
    moment = begin + timedelta(microseconds=place)
    if step >= _DAY or not (moment.hour or moment.minute or moment.second):
        return moment.strftime("%m-%d")
    if step >= 60 * SECOND:
        return moment.strftime("%H:%M")
    if step >= SECOND:
        return moment.strftime("%H:%M:%S")
    return moment.strftime("%H:%M:%S.") + f"{moment.microsecond // 1000:03}"


def build_timeline(analysis: Analysis, options: DiagramOptions | None = None) -> Timeline:
    """Decide what a timeline of a task shows, of a faulty one too if anything has run.

    The schedule by timeouts is the plan of a task that has not run. The options ``focus``,
    ``around_failed``, ``critical_only`` and ``max_nodes`` choose the rows.

    Where nothing has run and there is no schedule it says why.
    """
    options = options or DiagramOptions()
    graph = analysis.graph
    selection, draft = select(analysis, options), draft_rows(analysis)
    chosen = tuple(node for node in selection.nodes if node in draft.rows)
    clusters = _clusters(analysis, chosen, options)
    limit = ROWS if options.max_nodes is None else options.max_nodes
    hidden = {node for cluster in clusters for node in cluster.nodes}
    single = [node for node in chosen if node not in hidden]
    kept = _most_telling(graph, draft, single, limit)
    units: list[tuple[tuple[int, ...], Row]]
    units = [((node,), draft.rows[node]) for node in kept]
    units += [(cluster.nodes, _band(analysis, draft, cluster)) for cluster in clusters]
    units.sort(key=lambda unit: (unit[1].start, unit[1].finish, unit[0]))
    place = {node: number for number, (nodes, _) in enumerate(units) for node in nodes}
    path = [place[node] for node in draft.path if node in place]
    rows, summary = [row for _, row in units], [sizes(graph), *draft.summary]
    all_marked = all(row.marked for row in draft.rows.values())
    if draft.begin is None and rows and all_marked:
        summary.append(ALL_CRITICAL)
        rows = [replace(row, marked=False) for row in rows]
    return Timeline(
        title=title_of(graph.task),
        subtitle=subtitle(graph),
        summary=tuple(summary),
        notes=(*selection.notes, *_notes(graph, draft, len(single) - len(kept))),
        rows=tuple(rows),
        begin=draft.begin,
        end=max(draft.end, 1),
        now=draft.now,
        path=tuple(number for number, _ in groupby(path)),
        members=tuple(nodes for nodes, _ in units),
        bars={
            node: (row.start, row.bars[-1][1])
            for node, row in draft.rows.items()
            if not row.is_coming
        },
    )


def _clusters(
    analysis: Analysis, chosen: tuple[int, ...], options: DiagramOptions
) -> tuple[Cluster, ...]:
    """Choose what shares a row, as the graph does, until the rows fit a page."""
    fits = options.collapse == "auto" and len(chosen) <= _FITTING
    joined: tuple[Cluster, ...] = ()
    if fits or options.max_nodes is not None:
        return joined
    for clusters in partitions(analysis, chosen, options):
        joined = tuple(c for c in clusters if c.grouping is not Grouping.FRAME)
        if len(chosen) - sum(len(cluster.nodes) - 1 for cluster in joined) <= _FITTING:
            break
    return joined


def _band(analysis: Analysis, draft: Draft, cluster: Cluster) -> Row:
    """Make the row of several subtasks: from the first start to the last finish."""
    graph = analysis.graph
    rows = [draft.rows[node] for node in cluster.nodes]
    subtasks = [graph.subtasks[node] for node in cluster.nodes]
    counts = count_shown(subtasks)
    longest = max(row.finish - row.start for row in rows)
    ghosts = [row.ghost for row in rows if row.ghost is not None]
    ahead = (min(g[0] for g in ghosts), max(g[1] for g in ghosts)) if ghosts else None
    begun = [row for row in rows if not row.is_coming] or rows[:1]
    start, finish = min(row.start for row in begun), max(row.finish for row in begun)
    is_plan = graph.task.is_definition
    states = (status_counts(counts), told_of_several(analysis, cluster.nodes))
    words = (counted(len(rows), "subtask"), *(() if is_plan else states))
    return Row(
        name=cluster_name(cluster, subtasks),
        id_text=visible(id_list(subtasks)),
        status=counts[0][0] if not is_plan else "",
        tone="pending" if is_plan else look(counts[0][0]).tone,
        start=start,
        finish=finish,
        several=True,
        ghost=ahead,
        is_coming=all(row.is_coming for row in rows),
        marked=any(row.marked for row in rows),
        note=join_words((*words, f"longest {format_measured(longest)}")),
        density=_density([bar for row in begun for bar in row.bars], start, finish),
    )


def _density(bars: Iterable[tuple[int, int]], start: int, finish: int) -> tuple[int, ...]:
    """Count how many bars there are at once, at most, in equal parts of a time."""
    if finish <= start:
        return ()
    steps: Counter[int] = Counter()
    for first, last in bars:
        steps[first] += 1
        steps[max(last, first + 1)] -= 1  # what took no time ran for a moment
    most = [0] * _PARTS
    count = 0
    for here, there in pairwise(sorted(steps)):
        count += steps[here]
        first, last = (
            min((time - start) * _PARTS // (finish - start), _PARTS - 1)
            for time in (here, there - 1)
        )
        for part in range(first, last + 1):
            most[part] = max(most[part], count)
    return tuple(most)


def _most_telling(
    graph: TaskGraph, draft: Draft, chosen: Iterable[int], limit: int
) -> list[int]:
    """Choose rows: what failed, runs or is on the path first, then what took longest."""

    def rank(node: int) -> tuple[bool, bool, int, int]:
        row = draft.rows[node]
        status = graph.subtasks[node].status
        dull = status not in URGENT
        return (not row.marked, dull, row.start - row.finish, node)

    return sorted(chosen, key=rank)[:limit]


def _notes(graph: TaskGraph, draft: Draft, left_out: int) -> Iterable[str]:
    yield from absent(graph)
    if left_out:
        yield f"{left_out:,} shorter rows are left out."
    if draft.begin is not None:
        rows = draft.rows
        without = [s for node, s in enumerate(graph.subtasks) if node not in rows]
        if without:
            yield f"Without times: {status_counts(count_shown(without))}."
