"""Sentences about a task: a text of ours, with typed values in its gaps.

The values are what a sentence claims. They are kept apart from the words, so that every
output can escape what comes from the document, programs can read what is claimed, and
a test can hold each claim against the analysis that it comes from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from string import Formatter
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from taskgraph.graph.parallel import splits
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import (
    format_duration,
    format_measured,
    format_moment,
    format_span,
)
from taskgraph.model.engine import MICROSECOND, is_part
from taskgraph.model.task import Id
from taskgraph.model.words import (
    NAMED,
    UNCOUNTED,
    and_more,
    counted,
    joints,
    label,
    plural,
    quoted,
    shorten,
    visible,
)

_FORMATTER = Formatter()
_CHOICE = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")


class Duration(NamedTuple):
    """A duration in seconds."""

    seconds: int


class Clock(NamedTuple):
    """A measured duration in microseconds."""

    microseconds: int


class Elapsed(NamedTuple):
    """The time between two moments that the reader is told."""

    begin: datetime
    end: datetime


class Count(NamedTuple):
    """A number of things."""

    number: int
    noun: str = ""


class Parts(NamedTuple):
    """Some parts of a split, by node, and how many it has; or one subtask, of one."""

    nodes: tuple[int, ...]
    total: int = 1


class SubtaskList(NamedTuple):
    """Some subtasks, by node; the first few are named and the rest counted.

    The parts of a split are one thing: `groups` has them together, where they are known.
    """

    nodes: tuple[int, ...]
    groups: tuple[Parts, ...] = ()
    is_ordered: bool = False  # then only neighbours are put together


class NameList(NamedTuple):
    """Words of the document, the first few of which are told."""

    words: tuple[str, ...]


class Moment(NamedTuple):
    """A moment, and what the reader has been told before."""

    time: datetime
    beside: datetime


class Own(NamedTuple):
    """Words of ours."""

    words: str


Value: TypeAlias = (
    Duration
    | Clock
    | Elapsed
    | Count
    | SubtaskList
    | NameList
    | Own
    | datetime
    | Moment
    | Id
)
"""What fills a gap; an id or a text comes from the document."""


class Place(StrEnum):
    """Where a sentence stands in its section."""

    PARAGRAPH = "paragraph"  # begins one
    GOES_ON = "goes on"  # continues the paragraph or the item
    ITEM = "item"  # begins an item of a list
    LOG = "log"  # a line of a log, quoted


class Piece(NamedTuple):
    """A piece of a sentence: unescaped, and not safe to show where it is not our own."""

    text: str
    is_own: bool = True  # otherwise it comes from the document
    nodes: tuple[int, ...] = ()  # the subtasks that it names

    @property
    def shown(self) -> str:
        """The text, safe to show on one line."""
        return self.text if self.is_own else visible(self.text)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One claim."""

    claim: str  # what kind of claim it is, in kebab-case
    template: str  # the words, with the names of values in braces
    values: Mapping[str, Value]  # what is claimed
    place: Place = Place.GOES_ON

    def pieces(self, graph: TaskGraph) -> Iterator[Piece]:
        """Give the sentence piece by piece, of the graph that its nodes belong to."""
        pieces = self._parts(graph)
        first = next(pieces)
        if first.is_own or first.text.startswith("the "):  # which is no name
            first = first._replace(text=f"{first.text[:1].upper()}{first.text[1:]}")
        yield first
        yield from pieces

    def _parts(self, graph: TaskGraph) -> Iterator[Piece]:
        for words, name, _, _ in _FORMATTER.parse(self.template):
            if words:
                yield Piece(words)
            if name is not None:
                yield from _pieces(graph, self.values[name])

    def text(self, graph: TaskGraph) -> str:
        """Give the sentence as plain text that is safe to show on one line."""
        return "".join(piece.shown for piece in self.pieces(graph))

    def data(self, graph: TaskGraph) -> dict[str, Id | list[Id]]:
        """Give the values as JSON has them; the names of durations end in their unit."""
        return dict(_entry(graph, name, value) for name, value in self.values.items())


def of_subtasks(
    claim: str,
    template: str,
    nodes: tuple[int, ...],
    place: Place = Place.GOES_ON,
    more: Mapping[str, Value] = MappingProxyType({}),
    *,
    is_ordered: bool = False,
) -> Sentence:
    """Claim something of ``{subtasks}`` and of more values.

    Of each ``[is|are]`` the word stays that fits them.
    """
    values = {"subtasks": SubtaskList(nodes, is_ordered=is_ordered), **more}
    return Sentence(claim, worded(template, len(nodes)), values, place)


def worded(template: str, count: int) -> str:
    """Keep of each ``[is|are]`` the word that fits so many."""
    return _CHOICE.sub(lambda choice: plural(count, *choice.groups()), template)


def uncounted(nodes: Sequence[int]) -> str:
    """Say behind a bound that it does not count ``{unlimited}``, which are so many."""
    return worded(", not counting {unlimited}, which [has|have] no limit", len(nodes))


def ran(times: Sequence[int]) -> tuple[str, dict[str, Value]]:
    """Word how long some ran, in microseconds: two times where they look different."""
    values: dict[str, Value] = {"ran": Clock(max(times))}
    if format_measured(min(times)) == format_measured(max(times)):
        return "{ran}", values
    return "{least} to {ran}", {**values, "least": Clock(min(times))}


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, an item of a list, or lines of a log, as its place says."""

    place: Place
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """What is said about one question; programs know it by its key."""

    key: str
    title: str
    sentences: tuple[Sentence, ...]

    def blocks(self) -> Iterator[Block]:
        """Give the sentences as they belong together on a page."""
        place, collected = Place.PARAGRAPH, list[Sentence]()
        for sentence in self.sentences:
            begins = sentence.place is not Place.GOES_ON
            goes_on = sentence.place is place is Place.LOG
            if begins and not goes_on:
                if collected:
                    yield Block(place, tuple(collected))
                place, collected = sentence.place, []
            collected.append(sentence)
        yield Block(place, tuple(collected))


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a task is, what happened to it, and what may be done.

    The verdict says how it stands; the lines that follow it answer in short what failed,
    what that blocks, what to do now and at what risk. The sections have the rest. Nothing
    is said twice.
    """

    graph: TaskGraph
    verdict: tuple[Sentence, ...]
    brief: tuple[Section, ...]
    sections: tuple[Section, ...]

    def sentences(self) -> Iterator[Sentence]:
        """Give every sentence in order."""
        yield from self.verdict
        for section in (*self.brief, *self.sections):
            yield from section.sentences


def _pieces(graph: TaskGraph, value: Value) -> Iterator[Piece]:
    match value:
        case Duration(count):
            yield Piece(format_duration(count))
        case Clock(count):
            yield Piece(format_measured(count))
        case Elapsed(begin, end):
            yield Piece(format_span(begin, end))
        case Count(number, noun):
            yield Piece(counted(number, noun))
        case SubtaskList():
            yield from _listed(graph, value)
        case NameList(texts):
            for text, joint in zip(texts, joints(len(texts)), strict=False):
                yield from (Piece(text, is_own=False), Piece(joint))
        case Moment(time, beside):
            yield Piece(format_moment(time, beside))
        case Own(words):
            yield Piece(words)
        case datetime():
            yield Piece(format_moment(value))
        case _:
            yield Piece(str(value), is_own=False)


def _listed(graph: TaskGraph, value: SubtaskList) -> Iterator[Piece]:
    groups = value.groups or tuple(Parts((node,)) for node in value.nodes)
    shown = groups[:NAMED]
    hidden = len(value.nodes) - sum(len(group.nodes) for group in shown)
    for group, joint in zip(shown, joints(len(groups)), strict=False):
        yield from _parts(graph, group)
        is_last = hidden > 0 and group is shown[-1]
        yield Piece(f" {and_more(hidden)}" if is_last else joint)


def _parts(graph: TaskGraph, group: Parts) -> Iterator[Piece]:
    """Name one subtask, or count the parts of a split; a few have their ids."""
    nodes = group.nodes
    if len(nodes) == 1:
        yield Piece(label(graph.subtasks[nodes[0]]), is_own=False, nodes=nodes)
        return
    is_whole = len(nodes) == group.total
    count = f"all {group.total:,}" if is_whole else f"{len(nodes):,} of {group.total:,}"
    count = "both" if is_whole and group.total == 2 else count
    yield Piece(f"{count} parts of ")
    yield Piece(quoted(graph.subtasks[nodes[0]].name), is_own=False, nodes=nodes)
    if not is_whole and len(nodes) <= NAMED:
        yield Piece(" (")
        for node, joint in zip(nodes, joints(len(nodes)), strict=True):
            yield Piece(shorten(str(graph.subtasks[node].id)), is_own=False, nodes=(node,))
            yield Piece(joint)
        yield Piece(")")


def _entry(graph: TaskGraph, name: str, value: Value) -> tuple[str, Id | list[Id]]:
    match value:
        case Duration(count):
            return f"{name}_seconds", count
        case Clock(count):
            return f"{name}_microseconds", count
        case Elapsed(begin, end):
            return f"{name}_microseconds", (end - begin) // MICROSECOND
        case Count(plain, _) | Own(plain):
            return name, plain
        case NameList(words):
            return name, list(words)
        case SubtaskList(nodes):
            return name, [graph.subtasks[node].id for node in nodes]
        case Moment(time=time) | (datetime() as time):
            return name, time.isoformat()
        case _:
            return name, value


# --- one after the other -------------------------------------------------------------


class Flow:
    """What the sentences of one text have in common, in the order in which they are read.

    Parameters
    ----------
    graph : TaskGraph
        A faulty one too.
    """

    def __init__(self, graph: TaskGraph) -> None:
        self._graph = graph
        self._split_of = _splits_by_node(graph)
        self._totals = Counter(self._split_of.values())
        self._told: datetime | None = None
        self._unlimited: set[int] = set()

    def settled(self, sentences: Iterable[Sentence]) -> tuple[Sentence, ...]:
        """Give the sentences that follow those of the call before."""
        return tuple(
            replace(
                sentence,
                template=self._uncounted(sentence),
                values={
                    name: self._value(value) for name, value in sentence.values.items()
                },
            )
            for sentence in sentences
        )

    def of_section(self, section: Section) -> Section:
        """Give a section that follows."""
        return replace(section, sentences=self.settled(section.sentences))

    def _uncounted(self, sentence: Sentence) -> str:
        """Name what a bound does not count the first time only."""
        template, unlimited = sentence.template, sentence.values.get("unlimited")
        if isinstance(unlimited, SubtaskList):
            if self._unlimited.issuperset(unlimited.nodes):
                template = template.replace(uncounted(unlimited.nodes), UNCOUNTED)
            self._unlimited.update(unlimited.nodes)
        return template

    def _value(self, value: Value) -> Value:
        match value:
            case SubtaskList(nodes, _, is_ordered):
                return SubtaskList(nodes, self._groups(nodes, is_ordered), is_ordered)
            case datetime():
                told, self._told = self._told, value
                return value if told is None else Moment(value, told)
        return value

    def _groups(self, nodes: tuple[int, ...], is_ordered: bool) -> tuple[Parts, ...]:
        """Put the parts of a split together, where the first of them stands."""
        groups: dict[object, list[int]] = {}
        key: object = None
        for place, node in enumerate(nodes):
            split = self._split_of.get(node)
            if split is None:
                key = place
            elif not is_ordered:
                key = split
            elif not isinstance(key, tuple) or key[0] != split:
                key = (split, place)
            groups.setdefault(key, []).append(node)
        return tuple(
            Parts(tuple(group), self._totals[self._split_of[group[0]]])
            if len(group) > 1
            else Parts(tuple(group))
            for group in groups.values()
        )


def _splits_by_node(graph: TaskGraph) -> dict[int, Hashable]:
    """Tell by part which split it is of: one by name, unless the graph has several."""
    parts: dict[str, list[int]] = {}
    for node, subtask in enumerate(graph.subtasks):
        if is_part(subtask):
            parts.setdefault(subtask.name, []).append(node)
    split_of: dict[int, Hashable] = {
        node: (name,) for name, nodes in parts.items() for node in nodes
    }
    several = {
        name
        for name, nodes in parts.items()
        if len({graph.subtasks[node].parallel_index for node in nodes}) < len(nodes)
    }
    if several:
        for number, group in enumerate(splits(graph)):
            name = graph.subtasks[group[0]].name
            if len(group) > 1 and name in several:
                split_of |= dict.fromkeys(group, (name, number))
    return split_of
