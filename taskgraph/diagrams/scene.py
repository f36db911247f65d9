"""What a diagram shows, before anyone decides where, and in what words.

Layout and every graph format start from the scene, so they show the same;
:mod:`taskgraph.diagrams.building` makes it, in the only traversal of the graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from taskgraph.analysis.analysis import Analysis
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_duration, format_measured
from taskgraph.model.engine import Span, SpanKind, goes_on, least_attempts, whole_task
from taskgraph.model.statuses import (
    SIGNS,
    UNKNOWN,
    count_shown,
    look,
    shown_status,
    state_text,
)
from taskgraph.model.task import Id, Subtask
from taskgraph.model.words import counted, visible

GATE = "Point of no return"
"""What is written on a subtask that forbids rollback once it starts."""
GATE_MEANS = f"{GATE}: no rollback once it starts"
"""What a legend says of it."""
CLOSES = "closes the cycle"
"""What is written on an edge without which there would be none."""

CHANGES = ("removed", "changed", "added", "unchanged")
"""What became of a subtask between two documents; also the tones of that."""
ALL_CRITICAL = "all of it critical"
_SPANS = {
    SpanKind.ONE_RUN: "ran",
    SpanKind.RUNNING: "running for",
    SpanKind.SEVERAL_RUNS: "all runs",
    SpanKind.ROLLED_BACK: "runs and rollback",
}


def join_words(parts: Iterable[str]) -> str:
    """Join what there is with a middle dot."""
    return " · ".join(filter(None, parts))


def subtask_facts(
    subtask: Subtask, span: Span | None, planned: int | None = None
) -> tuple[str, ...]:
    """Give what is known of time and attempts, the most telling first.

    ``planned`` is how often a subtask of a definition may be started.
    """
    attempts = planned or least_attempts(subtask)
    gate = planned is not None and subtask.prohibit_rollback
    facts = (
        "" if span is None else _span_text(span, on=goes_on(subtask)),
        limit_text(subtask.timeout),
        counted(attempts, "attempt") if attempts > 1 else "",
        "prohibits rollback" if gate else "",
    )
    return tuple(filter(None, facts))


def state_and_tone(analysis: Analysis, node: int) -> tuple[str, str]:
    """Give what is said of a subtask's state, and its tone; a definition has no states."""
    if analysis.task.is_definition:
        return "", "pending"
    subtask = analysis.graph.subtasks[node]
    blocked, overdue = node in analysis.blocked, node in analysis.overdue
    state = state_text(subtask, blocked=blocked, overdue=overdue)
    return state, look(shown_status(subtask)).tone


def told_of_several(analysis: Analysis, nodes: Iterable[int]) -> str:
    """Count what of several is overdue or blocked, which their statuses do not tell."""
    nodes = frozenset(nodes)
    counts = (
        (len(analysis.overdue & nodes), "overdue"),
        (len(analysis.blocked & nodes), "blocked"),
    )
    return ", ".join(f"{count:,} {word}" for count, word in counts if count)


def _span_text(span: Span, *, on: bool) -> str:
    """Word what was measured; more than one run is never passed off as one."""
    if span.microseconds < 0:
        return "finish before start"
    so_far = " so far" if on and span.kind is not SpanKind.RUNNING else ""
    return f"{_SPANS[span.kind]}{so_far} {format_measured(span.microseconds)}"


def limit_text(timeout: int | None) -> str:
    """Word a timeout; nothing where the document does not say."""
    if timeout is None:
        return ""
    if timeout == 0:
        return "no timeout"
    return f"timeout {format_duration(timeout)}"


@dataclass(frozen=True, slots=True)
class Caption:
    """What a picture says around the drawing."""

    title: str
    subtitle: str
    summary: tuple[str, ...]
    """What the picture shows as a whole, a few words each."""
    notes: tuple[str, ...]
    """What is left out or collapsed, a sentence each."""

    @property
    def description(self) -> str:
        """The picture in words, for those who cannot see it."""
        return ". ".join(filter(None, (self.subtitle, *self.summary))) + "."


def subtitle(graph: TaskGraph) -> str:
    """Give the task's id, status and operation."""
    task = graph.task
    identifier = "" if task.id is None else f"task {visible(str(task.id))}"
    operation = visible(task.operation or "")
    return join_words((identifier, visible(task.status or ""), operation))


def sizes(graph: TaskGraph) -> str:
    """Count the subtasks, by status; nothing where the document leaves them out."""
    if graph.task.is_summary and not len(graph):
        return ""
    subtasks = counted(len(graph), "subtask")
    if graph.task.is_definition or not len(graph):
        return subtasks
    return f"{subtasks}: {status_counts(count_shown(graph.subtasks))}"


def missing(graph: TaskGraph) -> Iterable[str]:
    """Say what of a task the document leaves out, and which request gives it."""
    task, extra = graph.task, graph.task.extra
    if not task.is_summary and (len(graph) < 2 or graph.reported_sides):
        return
    stage, of = extra.get("stage"), extra.get("max_stage")
    if task.is_summary and isinstance(stage, int) and isinstance(of, int):
        yield f"It is at stage {stage} of {of}."
    what = "what depends on what" if len(graph) else "its subtasks"
    request = whole_task(task)
    yield f"The document leaves out {what}" + (f": {request} gives it." if request else ".")


def absent(graph: TaskGraph) -> Iterable[str]:
    """Say what there is not to draw: the document leaves it out, or the task is empty."""
    yield from missing(graph)
    if not len(graph) and not graph.task.is_summary:
        yield "The task has no subtasks."


def status_counts(counts: Iterable[tuple[str, int]]) -> str:
    """Tell how many have which status: ``2 FAILED, 1,003 PENDING``."""
    return ", ".join(f"{count:,} {name}" for name, count in counts)


def summary(analysis: Analysis) -> Iterable[str]:
    """Count subtasks and edges; give the worst case, and what is wrong with the graph."""
    graph = analysis.graph
    yield sizes(graph)
    if not list(missing(graph)):
        yield counted(graph.edge_count, "edge")
    if analysis.is_sound and len(graph):
        budget = analysis.budget
        length = format_duration(budget.seconds)
        if not budget.seconds:
            yield "no timeouts"
        elif budget.unlimited:
            count = counted(len(budget.unlimited))
            yield f"worst case unbounded ({count} without a timeout), else {length}"
        elif analysis.stand_in is not None:
            yield f"worst case {length} with {analysis.stand_in} where there is no timeout"
        else:
            yield f"worst case {length}"
    if analysis.prohibits_rollback:
        yield "point of no return: the start"
    yield from graph.flaws


def tone_of(word: str) -> str:
    """Give the tone of what is counted in a box: of a change, or of a status."""
    return word if word in CHANGES else look(word).tone


class NodeKind(StrEnum):
    """What stands behind a node of the scene."""

    SUBTASK = "subtask"
    GROUP = "group"  # several subtasks in one box
    FRAME = "frame"  # several subtasks, each with its own box, in one frame
    GHOST = "ghost"  # an id that is named but does not exist
    JUNCTION = "junction"  # where the edges of all with all meet


@dataclass(frozen=True, slots=True)
class SceneNode:
    """One thing that is drawn. All texts are safe to show on one line."""

    kind: NodeKind
    ids: tuple[Id, ...] = ()
    """The subtasks behind it."""
    name: str = ""
    id_text: str = ""
    target: str = ""
    """What a part of a split works on; empty where the document does not tell."""
    state: str = ""
    """A line of its box, as name and id; it begins with the status word. Of several: how
    many are overdue or blocked.
    """
    tone: str = UNKNOWN
    """Whose colours and icon it has, see :mod:`taskgraph.model.statuses`."""
    facts: tuple[str, ...] = ()
    """Time limit, measured time, attempts."""
    counts: tuple[tuple[str, int], ...] = ()
    """Of a GROUP or FRAME: how many subtasks have which status, the worst first."""
    share: float | None = None
    """Of a subtask that ran: how much of its timeout that took; of one that did not: how
    long it may take, all attempts together, as a part of the longest path.
    """
    measured: bool = False
    """Which of the two it is."""
    members: tuple[SceneNode, ...] = ()
    """Of a FRAME: what is drawn inside it."""
    critical: bool = False
    gate: bool = False
    """It is a point of no return."""
    blocked: bool = False
    """It cannot start because of a failure."""
    overdue: bool = False
    faulty: bool = False

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks in words."""
        words = (
            ("on the critical path", self.critical),
            ("point of no return", self.gate),
            ("part of a fault", self.faulty),
        )
        return tuple(word for word, applies in words if applies)

    @property
    def description(self) -> str:
        """Everything that the box says, in full."""
        counts = [f"{count:,} {status}" for status, count in self.counts]
        what = (self.name, self.id_text, self.target, self.state)
        return join_words((*what, *counts, *self.facts, *self.marks))

    @property
    def headlines(self) -> Iterable[str]:
        """What a box begins with where there are no icons and tabs: signs and words.

        A definition has no states.
        """
        if self.gate:
            yield f"⛔ {GATE}"
        if self.kind is NodeKind.GROUP:
            for status, count in self.counts:
                yield f"{look(status).sign} {count:,} {status}"
            if self.state:
                yield self.state
        elif self.state and self.kind is not NodeKind.FRAME:
            yield f"{SIGNS[self.tone]} {self.state}"


class SceneEdge(NamedTuple):
    """An edge between two nodes of the scene, by their places.

    Without those that are ``closing`` no cycle is left.
    """

    tail: int
    head: int
    critical: bool = False
    cyclic: bool = False
    closing: bool = False
    one_sided: bool = False
    ghostly: bool = False
    change: str = ""
    """One of :data:`CHANGES`, where two documents are compared and it is not in both."""

    @property
    def wrong(self) -> bool:
        """Whether it is part of a cycle, or leads to what does not exist."""
        return self.cyclic or self.ghostly

    @property
    def doubtful(self) -> bool:
        """Whether only one end names it."""
        return self.one_sided or self.ghostly


@dataclass(frozen=True, slots=True)
class Scene(Caption):
    """A diagram's content."""

    nodes: tuple[SceneNode, ...]
    edges: tuple[SceneEdge, ...]
    """Ascending and distinct."""
    direction: Literal["LR", "TB"] = "LR"
    in_stages: bool = False
    """Boxes stand for whole stages: there are few edges then, and it may be long."""
    compares: bool = False
    """It shows what changed between two documents, and no statuses."""
    whole: str = ""
    """What is measured by what it may take is measured by this."""

    def boxes(self) -> Iterable[SceneNode]:
        """Give the nodes with the members of frames behind their frame."""
        for node in self.nodes:
            yield node
            yield from node.members
