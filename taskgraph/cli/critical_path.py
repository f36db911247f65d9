"""``taskgraph critical-path``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from taskgraph.analysis.whatif import Changes
from taskgraph.api import LoadedTask
from taskgraph.cli.options import (
    Choice,
    Inputs,
    files_argument,
    format_option,
    output_option,
    seconds,
)
from taskgraph.cli.tasks import run_report
from taskgraph.errors import ConfigError
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import parse_duration
from taskgraph.model.task import Id, Subtask
from taskgraph.model.words import nearest_text

if TYPE_CHECKING:
    from taskgraph.reports.text.console import Style
    from taskgraph.sources.durations import GivenDuration

_MOST_COMPARED = 1_000_000
"""To look for more names among those that there are takes seconds."""
_NO_EDGE = "--drop-edge takes UPSTREAM:DOWNSTREAM, two ids or names: "


class _Labels(NamedTuple):
    """What subtasks may be called."""

    known: Mapping[str, Sequence[Id]]
    """The subtasks by their id and by their name."""
    ids: frozenset[str]
    shown: Mapping[str, str]
    """How each of them is shown."""


@click.command("critical-path")
@files_argument
@click.option(
    "--by", type=Choice(["timeout", "actual", "remaining"]), default="timeout",
    show_default=True, help="Which durations: timeouts, measured times, or what is left.",
)  # fmt: skip
@click.option(
    "--set", "settings", multiple=True, metavar="ID=SECONDS",
    help="What if this subtask took so long? A name stands for all that have it.",
)  # fmt: skip
@click.option(
    "--durations", metavar="FILE", type=click.Path(),
    help="The same for many: a JSON object, or CSV.",
)  # fmt: skip
@click.option(
    "--drop-edge", "edges", multiple=True, metavar="A:B",
    help="What if B did not wait for A?",
)  # fmt: skip
@click.option(
    "--skip", "skipped", multiple=True, metavar="ID",
    help="What if this subtask were skipped?",
)  # fmt: skip
@click.option(
    "--within", callback=seconds, metavar="DURATION",
    help="Also name what is critical but for so much float, for example 1m.",
)  # fmt: skip
@click.option(
    "--within-window", "window", callback=seconds, metavar="DURATION",
    help="What the task may take: tell by when each subtask must start, and the float.",
)  # fmt: skip
@format_option("text", "json")
@output_option
def command(
    files: Inputs,
    by: Any,
    settings: tuple[str, ...],
    durations: str | None,
    edges: tuple[str, ...],
    skipped: tuple[str, ...],
    within: int | None,
    window: int | None,
    form: str,
    output: str | None,
) -> None:
    """Compute the schedule: critical path, float, drag, ties.

    The float of a subtask is how much longer it may take, its drag how much sooner the
    task would end if it took no time. By measured time it also tells where the time went.

    With a window it tells by when each subtask must start for the task to end in it, and
    what is left or lacks: a negative float is how much too long its paths are.

    \b
    Examples:
      taskgraph critical-path samples/obproxy_stop.json
      taskgraph critical-path response.json --within-window 2h
      taskgraph critical-path response.json --by remaining --within 60
      taskgraph critical-path response.json --set 13175721=10m --skip 13175719
    """
    given = _once(map(_split_setting, settings), skipped)
    for edge in edges:
        if ":" not in edge:
            raise ConfigError(_NO_EDGE + edge)
    read: dict[str, GivenDuration] = {}
    if durations is not None:
        from taskgraph.sources.durations import read_durations

        read = read_durations(durations)

    asked = _Asked(f"{durations}", read, given, edges)

    def tell(loaded: LoadedTask, style: Style | None) -> Any:
        changes = None
        if read or given or edges:
            changes = asked.of(loaded.graph)
        table = loaded.analysis.timetable(by, changes=changes, within=within, window=window)
        if style is None:
            from taskgraph.reports.json import critical_path_json

            return critical_path_json(table)
        from taskgraph.reports.text.critical_path import critical_path_text

        return critical_path_text(table, style)

    sys.exit(run_report(files, form, output, "critical-path", tell, asked.misfits))


class _Asked:
    """What the options change: durations, edges ``A:B``, and subtasks that are skipped.

    A task may lack what another one has; what none has is most likely misspelt.
    """

    def __init__(
        self,
        path: str,
        read: Mapping[str, GivenDuration],
        given: Mapping[str, int | None],
        edges: Sequence[str],
    ) -> None:
        self._path, self._lines = path, {name: one.line for name, one in read.items()}
        self._read = {name: one.seconds for name, one in read.items()}
        self._given, self._edges = given, edges
        self._found: set[str] = set()
        self._compared = 0
        self._apart: dict[str, tuple[Id, Id]] = {}  # the ends of edges that are none
        self._names: dict[str, str] = {}  # of tasks that lack something, as they are shown

    def of(self, graph: TaskGraph) -> Changes:
        """Give what a task has of it; options go before the file.

        A name stands for all subtasks that have it, but for those that are named by their
        id.
        """
        labels = _labels(graph)
        _refuse_twice(graph, labels, self._read, "has a duration", f"{self._path}: ")
        _refuse_twice(graph, labels, self._given, "has one of --set and --skip")
        times: dict[Id, int | None] = {}
        for rows in (self._read, self._given):
            for name in sorted(rows, key=labels.ids.__contains__):
                times |= dict.fromkeys(self._find(labels, name), rows[name])
        edges = (self._edge(graph, labels, edge) for edge in self._edges)
        return Changes(
            durations={i: time for i, time in times.items() if time is not None},
            dropped_edges=tuple(edge for edge in edges if edge is not None),
            skipped=tuple(i for i, time in times.items() if time is None),
        )

    def misfits(self) -> Iterator[str]:
        """Say of each name and edge that no task has that it has none."""
        for name, line in self._lines.items():
            if name not in self._found:
                yield f"{self._path}: line {line}: {self._unknown(name)}"
        for name in self._given:
            if name not in self._found:
                yield self._unknown(name)
        for text in self._edges:
            if text in self._found:
                continue
            ends = text.split(":")
            lost = [end for end in ends if end.strip() not in self._names]
            if text in self._apart:
                yield "there is no edge from {} to {}".format(*self._apart[text])
            elif len(ends) == 2 and lost:
                yield self._unknown(lost[0])
            else:
                yield _NO_EDGE + text

    def _unknown(self, name: str) -> str:
        known, near = self._names, None
        if not self._compared or self._compared + len(known) <= _MOST_COMPARED:
            self._compared += len(known)
            near = nearest_text(name, known, 0.75)
        hint = (
            f"; did you mean {known[near]}?"
            if near
            else "\n  hint: taskgraph show tells both"
        )
        return f"no subtask has the id or the name {name}{hint}"

    def _find(self, labels: _Labels, name: str) -> Sequence[Id]:
        meant = labels.known.get(name.strip(), ())
        if meant:
            self._found.add(name)
        else:
            self._names.update(labels.shown)
        return meant

    def _edge(self, graph: TaskGraph, labels: _Labels, text: str) -> tuple[Id, Id] | None:
        edge = _ends(graph, labels.known, text)
        if edge is None:
            self._names.update(labels.shown)
            return None
        upstream, downstream = (graph.index[end] for end in edge)
        if downstream not in graph.downstreams[upstream]:
            self._apart[text] = edge
            return None
        self._found.add(text)
        return edge


def _labels(graph: TaskGraph) -> _Labels:
    """Give what the subtasks may be called.

    Where names are redacted, as they are shown, and before that as the document has them.
    """
    known: dict[str, Sequence[Id]] = {}
    every: set[str] = set()
    shown: dict[str, str] = {}
    for rows in _namings(graph):
        names: dict[str, list[Id]] = {}
        ids: dict[str, list[Id]] = {}
        for subtask, row in zip(graph.subtasks, rows, strict=True):
            name = row.name.strip()
            names.setdefault(name, []).append(subtask.id)
            ids[str(row.id)] = [subtask.id]
            shown |= {name: subtask.name.strip(), str(row.id): str(subtask.id)}
        known |= names | ids
        every |= ids.keys()
    return _Labels(known, frozenset(every), shown)


def _namings(graph: TaskGraph) -> Iterator[tuple[Subtask, ...]]:
    yield graph.subtasks
    if graph.unredacted is not graph.subtasks:
        yield graph.unredacted


def _refuse_twice(
    graph: TaskGraph,
    labels: _Labels,
    times: Mapping[str, int | None],
    has: str,
    file: str = "",
) -> None:
    """Refuse one time of a subtask by its id and another one by its name."""
    if len(times) < 2:
        return
    known, ids, _ = labels
    for subtask, *rows in zip(graph.subtasks, *_namings(graph), strict=True):
        names = {row.name.strip() for row in rows} - ids
        asked = {name for name in names if name in times and len(known[name]) == 1}
        by_id = {str(row.id) for row in rows} & times.keys()
        if asked and by_id and any(times[name] is not None for name in asked | by_id):
            raise ConfigError(
                f"{file}{subtask.id} {has} by its id and one by its name "
                f"{subtask.name.strip()}\n  hint: remove one of the two"
            )


def _once(
    settings: Iterable[tuple[str, int]], skipped: Iterable[str]
) -> dict[str, int | None]:
    """Give the time by id or name; ``None`` is a skip. Refuse two for one."""
    times: dict[str, int | None] = {}
    for name, time in (*settings, *((name.strip(), None) for name in skipped)):
        if name in times and (time, times[name]) != (None, None):
            one, other = (
                f"--skip {name}" if told is None else f"--set {name}={told}"
                for told in (times[name], time)
            )
            raise ConfigError(
                f"{one} and {other} are about one subtask\n  hint: remove one of the two"
            )
        times[name] = time
    return times


def _split_setting(text: str) -> tuple[str, int]:
    """Read ``ID=SECONDS``."""
    name, equals, value = text.rpartition("=")
    try:
        return name.strip(), parse_duration(value if equals else "")
    except ValueError:
        example = "13175721=600 or 13175721=10m"
        raise ConfigError(f"--set takes ID=SECONDS, like {example}, not {text}") from None


def _ends(
    graph: TaskGraph, known: Mapping[str, Sequence[Id]], text: str
) -> tuple[Id, Id] | None:
    parts = text.split(":")  # an id may hold a colon itself
    for cut in range(1, len(parts)):
        ends = ":".join(parts[:cut]), ":".join(parts[cut:])
        identifiers = [known.get(end.strip(), ()) for end in ends]
        if all(len(each) == 1 for each in identifiers):
            return identifiers[0][0], identifiers[1][0]
        if all(identifiers):
            name = ends[len(identifiers[0]) == 1].strip()
            raise ConfigError(
                f"{graph.task.origin.file}: --drop-edge: several subtasks are called "
                f"{name}: take ids"
            )
    return None
