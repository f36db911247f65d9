"""A task under examination, with the facts that several rules need, computed once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property

from taskgraph.checks.options import CheckOptions
from taskgraph.graph import TaskGraph
from taskgraph.graph.taskgraph import Side
from taskgraph.model import Id, Operation, Subtask, id_key

__all__ = ["KEYED_DIALECTS", "Subject"]

KEYED_DIALECTS = frozenset({"ocp"})
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
_ROLLBACKS = frozenset({Operation.ROLLBACK, Operation.ROLLBACK_SKIP})


class Subject:
    """What a rule looks at.

    Parameters
    ----------
    graph : TaskGraph
    options : CheckOptions
    """

    def __init__(self, graph: TaskGraph, options: CheckOptions) -> None:
        self.graph = graph
        self.task = graph.task
        self.options = options

    def pointer(self, attribute: str = "") -> str:
        """Give the JSON pointer of the task, or of one of its values."""
        origin = self.task.origin
        if not attribute or origin.dialect not in KEYED_DIALECTS:
            return origin.pointer
        return f"{origin.pointer}/{_KEYS.get(attribute, attribute)}"

    def subtask_pointer(
        self, position: int, attribute: str = "", item: Id | None = None
    ) -> str:
        """Give the JSON pointer of a subtask, of a value, or of an id in an edge list.

        A value that the subtask does not have, or that the dialect keeps elsewhere, is
        pointed to by the subtask itself.
        """
        origin = self.task.origin
        pointer = origin.subtask_pointer(position)
        if not attribute or origin.dialect not in KEYED_DIALECTS:
            return pointer
        value = getattr(self.task.subtasks[position], attribute)
        if value is None:
            return pointer
        pointer = f"{pointer}/{_KEYS.get(attribute, attribute)}"
        return pointer if item is None else f"{pointer}/{value.index(item)}"

    def first_pointer(self, positions: Iterable[int], attribute: str = "") -> str:
        """Give the pointer of the subtask with the smallest id."""
        subtasks = self.task.subtasks
        first = min(positions, key=lambda position: id_key(subtasks[position].id))
        return self.subtask_pointer(first, attribute)

    def node_pointer(self, node: int, attribute: str = "") -> str:
        """Give the JSON pointer of the subtask of a node."""
        return self.subtask_pointer(self.graph.positions[node], attribute)

    def at(self, node: int) -> Subtask:
        """Give the subtask of a node."""
        return self.graph.subtasks[node]

    @cached_property
    def as_of(self) -> datetime | None:
        """The moment that the document is judged at."""
        return self.options.as_of or self.task.as_of()

    @cached_property
    def statuses(self) -> frozenset[str | None]:
        """Every status that a subtask has."""
        return frozenset([subtask.status for subtask in self.task.subtasks])

    @cached_property
    def operations(self) -> frozenset[str | None]:
        """Every operation that a subtask has."""
        return frozenset([subtask.operation for subtask in self.task.subtasks])

    @cached_property
    def was_rolled_back(self) -> bool:
        """Whether a rollback has begun, or ended."""
        if self.task.operation == Operation.ROLLBACK:
            return True
        return not _ROLLBACKS.isdisjoint(self.operations)

    @cached_property
    def reports_times(self) -> bool:
        """Whether the document tells when subtasks ran."""
        return any(
            subtask.start_time is not None or subtask.finish_time is not None
            for subtask in self.task.subtasks
        )

    @cached_property
    def unknown_ids(self) -> Mapping[tuple[int, Side], list[Id]]:
        """The ids that are no subtask, for each list (node and side) that has some."""
        found: dict[tuple[int, Side], list[Id]] = {}
        for position, side, identifier in self.graph.unknown:
            node = self.graph.index[self.task.subtasks[position].id]
            found.setdefault((node, side), []).append(identifier)
        return found

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

    @cached_property
    def ambiguous(self) -> frozenset[int]:
        """The nodes whose edges cannot be told: several different subtasks share the id.

        What the edges of such a node seem to say may be an artefact of the shared id.
        """
        subtasks, index = self.task.subtasks, self.graph.index
        return frozenset(
            index[subtasks[group[0]].id]
            for group in self.graph.duplicates
            if len({(subtasks[p].upstreams, subtasks[p].downstreams) for p in group}) > 1
        )
