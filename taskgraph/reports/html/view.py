"""What the templates show of one task: texts, numbers, pictures, in the page's order."""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from taskgraph.checks.result import Finding
from taskgraph.diagrams.building import build_scene
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.scene import GATE_MEANS
from taskgraph.diagrams.svg import render_svg
from taskgraph.diagrams.timeline import build_timeline, marks
from taskgraph.diagrams.timeline_svg import render_timeline_svg
from taskgraph.model.durations import format_duration, format_measured, format_moment
from taskgraph.model.engine import least_attempts, measured_span, was_retried
from taskgraph.model.statuses import URGENT, count_shown, shown_status, status_name
from taskgraph.model.task import Id, Status, Subtask, Task, id_key
from taskgraph.model.words import UNCOUNTED, counted, percent, unbroken, visible
from taskgraph.reports.explaining.explanation import explain, in_short
from taskgraph.reports.explaining.sentences import Explanation, Section, Sentence
from taskgraph.reports.json import pretty_pieces
from taskgraph.reports.results import Account, holders, undoing, whole_order
from taskgraph.reports.task_markdown import explain_markdown
from taskgraph.sources.native import own_content, own_row

_MOST_ROWS = 20_000  # a page with more takes long to open
_MOST_DOCUMENT = 8_000_000  # characters, for the same reason
_MOST_SHARES = 25
_BAR_ROOM = 120  # pixels, of the table's column of bars
_MOST_BLOCKERS = 10
_OPENS = (*URGENT, Status.READY)
_MOST_FINDINGS = 500
_DARK = re.compile(r"(<style>[^<]*)@media \(prefers-color-scheme")
_SHOWN_ELSEWHERE = {"id", "name", "status", "timeout", "attempts"}
_SHOWN_ELSEWHERE |= {"upstreams", "downstreams", "logs", "extra"}
_CALLS = frozenset(
    {"call", "dag-cancel", "dag-pass", "dag-retry", "dag-rollback", "whole-task"}
)
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


class Cell(NamedTuple):
    """A number in a table: how it sorts and how it reads; ``None`` where there is none."""

    value: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is safe to stand in a page.

    Its boxes, or rows, say which subtasks are behind each, in the order of the SVG, its
    notes what is collapsed or left out; ``axis`` and ``bars`` repeat what a timeline shows
    for a column of the table, in pixels; ``phone`` is the same drawn for narrow screens.
    """

    svg: str
    boxes: tuple[tuple[Id, ...], ...] = ()
    notes: tuple[str, ...] = ()
    axis: tuple[tuple[int, str], ...] = ()
    bars: Mapping[int, tuple[int, int, int]] = field(default_factory=dict)
    phone: str = ""


@dataclass(frozen=True)
class TaskView(Account):
    """One task, ready to be shown; ``key`` begins every id that it has in the page."""

    key: str
    options: DiagramOptions

    @property
    def task(self) -> Task:
        """The task."""
        return self.graph.task

    @cached_property
    def explanation(self) -> Explanation:
        """The task in sentences."""
        return explain(self)

    @cached_property
    def diagram(self) -> Picture:
        """The dependencies; a large task collapses by itself."""
        scene = build_scene(self.analysis, replace(self.options, view="graph"))
        boxes = tuple(node.ids for node in scene.nodes)
        svg = drawn(render_svg(scene, heading=False))
        return Picture(svg, boxes, scene.notes)

    @cached_property
    def timeline(self) -> Picture | None:
        """What ran when, or what is planned; ``None`` where times mean nothing."""
        if self.sound is None or not self.graph.subtasks:
            return None
        timeline = build_timeline(self.sound, replace(self.options, view="timeline"))
        svg, phone = (
            drawn(render_timeline_svg(timeline, heading=False, phone=phone))
            for phone in (False, True)
        )

        def place(time: int) -> int:
            return round(_BAR_ROOM * time / timeline.end)

        axis = [(place(at), text) for at, text in marks(timeline.end, timeline.begin, 3)]
        bars = {
            node: (start, place(start), max(place(finish) - place(start), 1))
            for node, (start, finish) in timeline.bars.items()
        }
        rows = tuple(
            tuple(self.graph.subtasks[node].id for node in nodes)
            for nodes in timeline.members
        )
        return Picture(svg, rows, timeline.notes, tuple(axis), bars, phone)

    @cached_property
    def kinds(self) -> dict[str, list[int]]:
        """What a legend marks beside statuses, as far as that tells some from others."""
        run = self.sound and self.sound.as_run
        subtasks = enumerate(self.graph.subtasks)
        kinds: dict[str, Iterable[int]] = {
            "critical path": self.critical,
            "as-run path": run.path if run else (),
            GATE_MEANS: self.gates,
            "blocked by a failure": self.analysis.blocked,
            "overdue": self.analysis.overdue,
            "retried": [node for node, subtask in subtasks if was_retried(subtask)],
        }
        marked = {name: sorted(set(nodes)) for name, nodes in kinds.items()}
        return {name: n for name, n in marked.items() if 0 < len(n) < len(self.graph)}

    @cached_property
    def states(self) -> tuple[tuple[str, int], ...]:
        """How many subtasks have which status; a definition has none."""
        return () if self.task.is_definition else count_shown(self.graph.subtasks)

    def data(self) -> Iterator[str]:
        """Give what the script needs to know, as JSON in pieces.

        ``nodes`` has for each subtask the nodes before and after it, its other fields in
        the order of ``names``, and the lines of its log; ``state`` the place in ``states``,
        the worst first, and ``opens`` the one that a large drawing opens on;
        ``columns`` what the table's columns of numbers are sorted by,
        ``bars`` when it begins, where its bar does and how wide that is. ``boxes`` says
        which subtasks are behind each box of the diagram, ``lines`` behind each row of the
        timeline, ``kinds`` which are of each kind; ``markdown`` is what can be copied.
        """
        graph, timeline = self.graph, self.timeline
        names = list(dict.fromkeys(_names(graph.subtasks)))
        states = [name for name, _ in self.states]
        place = {name: number for number, name in enumerate(states)}
        boxes, lines = (
            [[graph.index[i] for i in ids if i in graph.index] for ids in picture.boxes]
            for picture in (self.diagram, timeline or Picture(""))
        )
        shown, everything = set(self.order), range(len(graph))
        content = {
            "ids": (visible(str(subtask.id)) for subtask in graph.subtasks),
            "states": states,
            "opens": next((name for name in _OPENS if name in states), None),
            "state": (
                place.get(status_name(shown_status(sub)), 0) for sub in graph.subtasks
            ),
            "columns": (
                [cell.value for cell in self.cells(node)] if node in shown else []
                for node in everything
            ),
            "bars": [timeline.bars.get(node, 0) for node in everything] if timeline else [],
            "names": names,
            "nodes": (self._neighbours(node, names) for node in everything),
            "boxes": boxes,
            "lines": lines,
            "kinds": self.kinds,
            "markdown": explain_markdown(in_short(self, self.explanation)),
        }
        return _script_pieces(content)

    def _neighbours(self, node: int, names: list[str]) -> list[Any]:
        """Give what is before and after a subtask, its fields and its log."""
        graph, row = self.graph, _fields(self.graph.subtasks[node])
        cells: list[Any] = [graph.upstreams[node], graph.downstreams[node]]
        cells.append([row.get(name, 0) for name in names])
        if logs := graph.subtasks[node].logs:
            cells.append([visible(line) for line in logs])
        return cells

    def html(self, sentences: Iterable[Sentence]) -> str:
        """Write sentences as HTML; subtasks are links to their rows."""
        words = []
        for sentence in sentences:
            parts = []
            for piece in sentence.pieces(self.graph):
                text = escape(unbroken(piece.text) if piece.is_own else piece.shown)
                if sentence.claim in _CALLS and not piece.is_own:
                    text = Markup('<code class="copy">{}</code>').format(text)
                if piece.nodes:
                    several = ' data-parts="{}"' if len(piece.nodes) > 1 else ""
                    text = Markup(f'<a class="sub" href="#{{}}"{several}>{{}}</a>').format(
                        self.anchor(piece.nodes[0]),
                        *([_ranges(piece.nodes)] if several else ()),
                        text,
                    )
                parts.append(text)
            words.append(Markup("").join(parts))
        return Markup(" ").join(words)

    def anchor(self, node: int) -> str:
        """Give the id of a subtask's row."""
        return f"{self.key}-n{node}"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the checks found, the worst first."""
        return self.checked.findings[:_MOST_FINDINGS]

    def linked(self, identifier: Id) -> str | None:
        """Give the id of the row of a subtask that a finding names."""
        node = self.graph.index.get(identifier)
        return None if node is None or node >= _MOST_ROWS else self.anchor(node)

    @cached_property
    def order(self) -> list[int]:
        """The nodes in the order of the table."""
        return whole_order(self.graph)[:_MOST_ROWS]

    def cells(self, node: int) -> Iterator[Cell]:
        """Give the numbers of a subtask, in the order of the table's columns."""
        subtask = self.graph.subtasks[node]
        limit = subtask.timeout
        is_plan = self.task.is_definition
        count = self.analysis.attempts[node] if is_plan else least_attempts(subtask)
        is_told = is_plan or subtask.attempts is not None or count > 1
        yield Cell(count, counted(count)) if is_told else Cell(None, "")
        yield Cell(limit, format_duration(limit) if limit else "none")
        span = measured_span(subtask, self.as_of)
        measured = None if span is None else span.microseconds
        yield Cell(measured, "" if measured is None else format_measured(measured))
        if self.sound is None:
            return
        times = self.sound.budget.schedule
        for values in (
            times.early_start,
            times.early_finish,
            times.total_float,
            times.free_float,
            self.sound.drags,
        ):
            yield Cell(values[node], format_duration(values[node]))

    @cached_property
    def targets(self) -> Mapping[int, str]:
        """What each subtask works on; empty where the document tells it of none."""
        known = self.analysis.targets
        return defaultdict(str, known) if known else {}

    @property
    def totals(self) -> Iterator[str]:
        """Give the sums of the table's columns of numbers, of those that have one."""
        subtasks = self.graph.subtasks
        spans = [measured_span(subtask, self.as_of) for subtask in subtasks]
        measured = sum(span.microseconds for span in spans if span is not None)
        yield ""
        yield format_duration(sum(max(subtask.timeout or 0, 0) for subtask in subtasks))
        yield format_measured(measured) if any(spans) else ""
        yield from ("",) * 5 if self.sound is not None else ()

    @property
    def recovery(self) -> list[Section]:
        """What is said of the ways out: in short, and the rest."""
        if self.task.is_definition or not self.graph.subtasks:
            return []
        said = self.explanation
        short = [line for line in said.brief if line.key in {"action", "risk"}]
        return short + [part for part in said.sections if part.key == "choices"]

    @property
    def blockers(self) -> tuple[int, ...]:
        """What forbids a rollback that one might want, the first of them."""
        if self.sound is None or self.task.status == Status.SUCCESSFUL:
            return ()
        return self.sound.rollback.blockers[:_MOST_BLOCKERS]

    @property
    def shares(self) -> list[tuple[int, str, str]]:
        """Who holds the budget: node, duration and percentage, the largest first."""
        if self.sound is None:
            return []
        shares, makespan = self.sound.budget.shares, self.sound.budget.schedule.makespan
        return [
            (node, format_duration(shares[node]), percent(shares[node], makespan))
            for node in holders(self.sound.budget)[:_MOST_SHARES]
        ]

    @property
    def steps(self) -> list[tuple[int, str, str]]:
        """How a rollback would walk: node, start and finish at worst."""
        failed = self.task.status == Status.FAILED
        if self.sound is None or not failed or not self.sound.rollback.is_accepted:
            return []
        return [
            (step.node, format_duration(step.start), format_duration(step.finish))
            for step in self.sound.rollback.steps[:_MOST_SHARES]
        ]

    @property
    def step_times(self) -> str:
        """How the times of these steps are meant; nothing where nobody can tell them."""
        worst = None if self.sound is None else undoing(self.sound)
        if worst is None:
            return ""
        slots = ", if none waits for a slot" if worst.may_wait else ""
        limits = UNCOUNTED if worst.unlimited else ""
        return f"at worst at these times from its start{slots}{limits}"

    def document(self) -> Iterator[str]:
        """Give the document as it was read, as JSON: a subtask a line, in a fixed order.

        What is masked there is masked here; the bytes of the file are not shown. It comes
        in pieces, escaped no more than they must be, and ends where a page is too large.
        """
        content = own_content(self.task)
        rows = self.task.subtasks
        order = [*_order(rows)]
        content["task"]["subtasks"] = (_row(rows[position]) for position in order)
        if self.task.naive_times:
            places: dict[int | None, int] = {at: place for place, at in enumerate(order)}
            times = [(places.get(at, -1), name) for at, name in self.task.naive_times]
            told = [(None if at < 0 else at, name) for at, name in sorted(times)]
            content["task"]["naive_times"] = told
        shown = hidden = 0
        for piece in pretty_pieces(content, "\n", depth=3):
            if hidden or shown + len(piece) > _MOST_DOCUMENT:
                hidden += len(piece)
            else:
                shown += len(piece)
                lines = map(visible, piece.split("\n"))
                yield Markup(html.escape("\n".join(lines), quote=False))
        if hidden:
            yield Markup(f"\n… {hidden:,} more characters are left out.")


def _order(subtasks: Sequence[Subtask]) -> Iterator[int]:
    """Give the positions of subtasks by id, and of those with one id by what they hold."""
    keys = [id_key(subtask.id) for subtask in subtasks]
    for _, group in groupby(
        sorted(range(len(keys)), key=keys.__getitem__), keys.__getitem__
    ):
        alike = [*group]
        if len(alike) > 1:
            alike.sort(key=lambda at: json.dumps(_row(subtasks[at])))
        yield from alike


def _row(subtask: Subtask) -> dict[str, Any]:
    row = own_row(subtask)
    for name in ("upstreams", "downstreams"):
        if name in row:
            row[name] = sorted(row[name], key=id_key)
    return row


def drawn(svg: str) -> str:
    """Let the dark colours of a picture be for screens only."""
    return Markup(_DARK.sub(r"\1@media screen and (prefers-color-scheme", svg, count=1))


def _ranges(nodes: Iterable[int]) -> str:
    """Write nodes for the script: ``3-5 9``."""
    runs: list[list[int]] = []
    for node in sorted(nodes):
        if runs and node == runs[-1][1] + 1:
            runs[-1][1] = node
        else:
            runs.append([node, node])
    return " ".join(f"{low}-{high}" if high > low else f"{low}" for low, high in runs)


def script_json(content: Any) -> str:
    """Write JSON that cannot end the script element around it."""
    text = json.dumps(content, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))


def _script_pieces(content: Mapping[str, Any]) -> Iterator[str]:
    """Write an object as `script_json` does, in pieces; an iterator is a list."""
    for place, (key, value) in enumerate(content.items()):
        yield Markup(f"{',' if place else '{'}{script_json(key)}:")
        if isinstance(value, Iterator):
            yield "["
            for number, item in enumerate(value):
                yield Markup(f"{',' * (number > 0)}{script_json(item)}")
            yield "]"
        else:
            yield script_json(value)
    yield Markup("}")


def _names(subtasks: Sequence[Subtask]) -> Iterator[str]:
    """Give the names of the fields that some subtask has and no column shows."""
    for place, name in enumerate(Subtask._fields):
        is_shown = name in _SHOWN_ELSEWHERE
        if not is_shown and any(subtask[place] is not None for subtask in subtasks):
            yield name.replace("_", " ")
    for subtask in subtasks:
        yield from map(visible, subtask.extra)


def _fields(subtask: Subtask) -> dict[str, str]:
    """Give the fields that no column of the table shows, as texts."""
    texts = {}
    for name, value in subtask._asdict().items():
        if name not in _SHOWN_ELSEWHERE and value is not None:
            texts[name.replace("_", " ")] = _text(value)
    for name, value in subtask.extra.items():
        texts[visible(name)] = _text(value)
    return texts


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        value = dict(value)
    return visible(json.dumps(value, ensure_ascii=False, default=str))
