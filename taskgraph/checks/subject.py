"""A task under examination, with the facts that several rules need, computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import NamedTuple, TypeVar

from taskgraph.analysis.analysis import Analysis
from taskgraph.graph.taskgraph import RepeatedReference, Side, UnknownReference
from taskgraph.model.engine import (
    BEGUN,
    MICROSECOND,
    blocks_rollback,
    measured_span,
    ran_once,
    timeout_seconds,
)
from taskgraph.model.task import Id, Status, Subtask
from taskgraph.model.words import label, nearest_text

KEYED_DIALECTS = frozenset({"definition", "ocp"})
"""The dialects whose documents have the keys of the API."""
_KEYS = {
    "attempts": "runTime",
    "create_time": "createTime",
    "finish_time": "finishTime",
    "node_type": "nodeType",
    "parallel_index": "parallelIdx",
    "prohibit_rollback": "prohibitRollback",
    "prohibit_skip": "prohibitSkip",
    "series_id": "seriesId",
    "start_time": "startTime",
    "task_id": "taskId",
}
_TIMED = BEGUN - {Status.CANCELING}  # a cancel ends it, and no timeout

_MOST_COMPARED = 100_000
"""To compare more names with each other takes longer than all the rules."""


class TimedRun(NamedTuple):
    """How long a subtask ran, and the timeout that it had, in seconds."""

    position: int
    subtask: Subtask
    time: timedelta
    timeout: int

    @property
    def microseconds(self) -> int:
        """The time that it ran, as the engine's functions take it."""
        return self.time // MICROSECOND


class Subject:
    """What a rule looks at; statuses and operations are those that any subtask has."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.graph = analysis.graph
        self.task = analysis.task
        self.settings = analysis.settings
        self._indexed: tuple[tuple[Id, ...], dict[Id, int]] = ((), {})
        self.is_of_obshell = self.task.origin.dialect == "obshell"
        self.statuses = frozenset(self.task.column("status"))
        self.operations = frozenset(self.task.column("operation"))

    def pointer(self, attribute: str = "") -> str:
        """Give the JSON pointer of the task, or of one of its values."""
        origin = self.task.origin
        if not attribute or origin.dialect not in KEYED_DIALECTS:
            return origin.pointer
        return f"{origin.pointer}/{_KEYS.get(attribute, attribute)}"

    def owner(self, pointer: str) -> tuple[int | None, str]:
        """Give the subtask that a pointer leads into, and the rest; or that of the task."""
        origin = self.task.origin
        above = pointer
        while above.startswith(f"{origin.pointer}/"):
            if above in self._owners:
                return self._owners[above], pointer.removeprefix(above)
            above = above.rpartition("/")[0]
        return None, pointer.removeprefix(origin.pointer)

    @cached_property
    def _owners(self) -> dict[str, int]:
        count = len(self.task.subtasks)
        return {self.task.origin.subtask_pointer(place): place for place in range(count)}

    def unread(self, *attributes: str) -> frozenset[int | None]:
        """Give the subtasks (``None`` is the task) of which a value could not be read."""
        return frozenset(
            place for place, name in self.task.origin.unread if name in attributes
        )

    @property
    def lacks_subtasks(self) -> bool:
        """Whether some subtasks of the document are not here, as they could not be read."""
        return (None, "subtasks") in self.task.origin.unread

    def subtask_pointer(
        self, position: int, attribute: str = "", item: Id | None = None
    ) -> str:
        """Give the JSON pointer of a subtask, of a value, or of an id in an edge list.

        A value that the subtask does not have, or that the dialect keeps elsewhere, is
        pointed to by the subtask itself; an id beside items that could not be read, whose
        place is not known, by its list.
        """
        origin = self.task.origin
        pointer = origin.subtask_pointer(position)
        if not attribute or origin.dialect not in KEYED_DIALECTS:
            return pointer
        value = getattr(self.task.subtasks[position], attribute)
        if value is None:
            return pointer
        key = origin.spellings.get(attribute) or _KEYS.get(attribute, attribute)
        pointer = f"{pointer}/{key}"
        if item is None or (position, attribute) in origin.unread:
            return pointer
        return f"{pointer}/{self._place(value, item)}"

    def _place(self, ids: tuple[Id, ...], item: Id) -> int:
        """Find an id in an edge list, also where very many of it are asked for."""
        if self._indexed[0] is not ids:
            places = {name: place for place, name in reversed([*enumerate(ids)])}
            self._indexed = (ids, places)
        return self._indexed[1][item]

    def edge(self, mention: UnknownReference | RepeatedReference) -> tuple[Id, Id]:
        """Give the edge that an id in a list means, as (upstream, downstream)."""
        owner = self.task.subtasks[mention.position].id
        is_upstream = mention.side == "upstreams"
        return (mention.id, owner) if is_upstream else (owner, mention.id)

    def first_pointer(self, positions: Iterable[int], attribute: str = "") -> str:
        """Give the pointer of the subtask with the smallest id."""
        return self.subtask_pointer(min(positions, key=self.place), attribute)

    def place(self, position: int) -> int:
        """Give the place of a subtask in the order of the ids."""
        return self.graph.index[self.task.subtasks[position].id]

    def node_pointer(self, node: int, attribute: str = "") -> str:
        """Give the JSON pointer of the subtask of a node."""
        return self.subtask_pointer(self.graph.positions[node], attribute)

    def at(self, node: int) -> Subtask:
        """Give the subtask of a node."""
        return self.task.subtasks[self.graph.positions[node]]

    @cached_property
    def reports_times(self) -> bool:
        """Whether the document tells when subtasks ran."""
        return any(map(self.task.reports, ("start_time", "finish_time")))

    @cached_property
    def latest_time(self) -> datetime | None:
        """The latest of all times of the document, apart from the response's own."""
        return max(self.task.times(), default=None)

    @cached_property
    def timed_runs(self) -> tuple[TimedRun, ...]:
        """The subtasks with a timeout that provably ran once, so far if they still run.

        Only the operation EXECUTE with one attempt proves it: a manual retry does not
        raise the number of attempts, and the times then span every run.
        """
        runs = []
        for node, subtask in enumerate(self.graph.subtasks):
            limit = timeout_seconds(subtask)
            if limit and subtask.status in _TIMED and ran_once(subtask):
                span = measured_span(subtask, self.analysis.as_of)
                if span is not None and span.finish > span.start:
                    time, position = span.finish - span.start, self.graph.positions[node]
                    runs.append(TimedRun(position, subtask, time, limit))
        return tuple(runs)

    @cached_property
    def rollback_blockers(self) -> tuple[Subtask, ...]:
        """The subtasks for which the engine refuses to roll back."""
        if not any(self.task.column("prohibit_rollback")):
            return ()
        return tuple(filter(blocks_rollback, self.task.subtasks))

    @cached_property
    def unknown_ids(self) -> Mapping[tuple[int, Side], list[Id]]:
        """The ids that are no subtask, for each list (node and side) that has some."""
        by_list: dict[tuple[int, Side], list[Id]] = {}
        for position, side, identifier in self.graph.unknown:
            node = self.graph.index[self.task.subtasks[position].id]
            by_list.setdefault((node, side), []).append(identifier)
        return by_list

    @cached_property
    def meant(self) -> Mapping[Id, str]:
        """The id or name that an unknown text probably means, but none of who names it."""
        owners: dict[str, set[str]] = {}
        for position, _, identifier in self.graph.unknown:
            if isinstance(identifier, str) and not identifier.isdecimal():
                owner = self.task.subtasks[position]
                owners.setdefault(identifier, set()).update((owner.name, str(owner.id)))
        if not owners:
            return {}
        labels = {str(subtask.id) for subtask in self.graph.subtasks}
        labels.update(subtask.name for subtask in self.graph.subtasks if subtask.name)
        if len(owners) * len(labels) > _MOST_COMPARED:
            return {}
        real = self.task.unredacted
        known = {real(text): text for text in labels}
        near = {
            text: nearest_text(real(text), known.keys() - {*map(real, own)}, 0.75)
            for text, own in owners.items()
        }
        return {text: known[name] for text, name in near.items() if name}

    @cached_property
    def silent_lists(self) -> Mapping[tuple[int, Side], list[int]]:
        """The nodes that a list does not name though they name its owner.

        For each such list, as its owner's node and the side.
        """
        missing: dict[tuple[int, Side], list[int]] = {}
        for upstream, downstream, named_in in self.graph.one_sided:
            if named_in == "upstreams":
                missing.setdefault((upstream, "downstreams"), []).append(downstream)
            else:
                missing.setdefault((downstream, "upstreams"), []).append(upstream)
        return missing

    def naming(self, upstream: int, downstream: int) -> tuple[Side, ...]:
        """Give the sides that name an edge: one where one of the two ends does not."""
        alone = self._named_once.get((upstream, downstream))
        return tuple(sorted(self.graph.reported_sides)) if alone is None else (alone,)

    @cached_property
    def _named_once(self) -> Mapping[tuple[int, int], Side]:
        return {(up, down): side for up, down, side in self.graph.one_sided}

    def where_named(self, upstream: int, downstream: int) -> str:
        """Say from which lists to remove an edge, where the document has both kinds."""
        if len(self.graph.reported_sides) < 2:
            return ""
        if len(sides := self.naming(upstream, downstream)) == 2:
            return ", from both lists that name it"
        owner = upstream if sides == ("downstreams",) else downstream
        return f", from the {sides[0]} of {label(self.at(owner))}"


class Star(NamedTuple):
    """Violating edges that one node has in common: most likely it is the wrong one."""

    center: int
    others: tuple[int, ...]
    is_upstream: bool
    """Whether the center is the upstream end of each edge."""


def stars(edges: Iterable[tuple[int, int]], *, prefer_upstream: bool = False) -> list[Star]:
    """Group violating edges so that one wrong value gives one fault.

    Edges are (upstream, downstream). A subtask with a wrong status or time contradicts all
    its neighbours. So each edge goes to that one of its ends which has more violating edges
    on its side; in a tie to the upstream end if that is preferred. The stars ascend, with
    each edge in exactly one.
    """
    edges = sorted(edges)
    if not edges:
        return []
    below = Counter(upstream for upstream, _ in edges)
    above = Counter(downstream for _, downstream in edges)
    groups: dict[tuple[int, bool], list[int]] = {}
    for upstream, downstream in edges:
        if below[upstream] > above[downstream] - prefer_upstream:
            groups.setdefault((upstream, True), []).append(downstream)
        else:
            groups.setdefault((downstream, False), []).append(upstream)
    return sorted(
        Star(center, tuple(others), is_upstream)
        for (center, is_upstream), others in groups.items()
    )


_MOST_TOLD = 20
"""So many ids of one list have a finding each; the others are counted."""
_MOST_IN_ALL = 1000
"""Where so many are told one by one, each further list has one finding and a count."""
Mention = TypeVar("Mention", UnknownReference, RepeatedReference)
Key = TypeVar("Key", bound=Hashable)


class Rest(NamedTuple):
    """What one list names beyond what is told one by one."""

    first: UnknownReference | RepeatedReference
    """That of the smallest id."""
    number: int


def told(
    subject: Subject, mentions: Iterable[Mention], key: Callable[[Mention], Key]
) -> tuple[dict[Key, list[Mention]], list[Rest]]:
    """Group what lists name by what is one fault; of very many in a list count the rest.

    The mentions ascend by id in each list. The lists of subtasks that share an id are one.
    """
    groups: dict[Key, list[Mention]] = {}
    lists: dict[tuple[Id, Side], dict[Key, Mention]] = {}
    for mention in mentions:
        owner, name = subject.task.subtasks[mention.position].id, key(mention)
        groups.setdefault(name, []).append(mention)
        lists.setdefault((owner, mention.side), {}).setdefault(name, mention)
    chosen: set[Key] = set()
    for row in lists.values():
        chosen.update(islice(row, _MOST_TOLD if len(chosen) < _MOST_IN_ALL else 1))
    others = [
        [mention for name, mention in row.items() if name not in chosen]
        for row in lists.values()
    ]
    rests = [Rest(row[0], len(row)) for row in others if row]
    return {name: group for name, group in groups.items() if name in chosen}, rests
