"""How sentences read one after the other: the parts of a split as one, a date once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.engine import is_part
from taskgraph.reports.explaining.sentences import (
    Moment,
    Parts,
    Section,
    Sentence,
    Subtasks,
    Value,
)

__all__ = ["Flow"]

_UNCOUNTED = re.compile(r"(, not counting) \{unlimited\}, which ha(s|ve) no limit")


class Flow:
    """What the sentences of one text have in common, in the order in which they are read.

    Parameters
    ----------
    graph : TaskGraph
        A faulty one too.
    """

    def __init__(self, graph: TaskGraph) -> None:
        self._graph = graph
        self._totals = Counter(sub.name for sub in graph.subtasks if is_part(sub))
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
        if isinstance(unlimited, Subtasks):
            if self._unlimited.issuperset(unlimited.nodes):
                template = _UNCOUNTED.sub(r"\1 what has no limit", template)
            self._unlimited.update(unlimited.nodes)
        return template

    def _value(self, value: Value) -> Value:
        match value:
            case Subtasks(nodes, _, is_ordered):
                return Subtasks(nodes, self._groups(nodes, is_ordered), is_ordered)
            case datetime():
                told, self._told = self._told, value
                return value if told is None else Moment(value, told)
        return value

    def _groups(self, nodes: tuple[int, ...], is_ordered: bool) -> tuple[Parts, ...]:
        """Put the parts of a split together, where the first of them stands."""
        groups: dict[object, list[int]] = {}
        key: object = None
        for place, node in enumerate(nodes):
            subtask = self._graph.subtasks[node]
            name = subtask.name if is_part(subtask) else None
            if name is None:
                key = place
            elif not is_ordered:
                key = name
            elif not isinstance(key, tuple) or key[0] != name:
                key = (name, place)
            groups.setdefault(key, []).append(node)
        return tuple(
            Parts(tuple(group), self._totals[self._graph.subtasks[group[0]].name])
            if len(group) > 1
            else Parts(tuple(group))
            for group in groups.values()
        )
