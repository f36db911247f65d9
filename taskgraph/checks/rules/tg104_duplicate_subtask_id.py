"""Several subtasks have the same id.

What it does
------------
Finds subtasks that share an id. One finding for each such id.

Why it is bad
-------------
Edges name subtasks by id, so nobody can tell which of them is meant: there is no graph,
no critical path and no budget.

Example
-------
Two entries of `subtasks` with `"id": 7`.

What to do
----------
Remove the entry that was copied, or give it the id that it should have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from taskgraph.checks.rule import Fault, Rule, Subject
from taskgraph.model.task import Id
from taskgraph.model.words import counted, listed, quoted, shorten
from taskgraph.sources.document import shared_name

_HINT = "remove the copies, or give each subtask an id of its own"
_ROUNDED = (
    "the ids look as a tool of JavaScript rounds them beyond 2^53: save the response as it "
    "came, with curl -o"
)


def check(subject: Subject) -> Iterator[Fault]:
    """Report each id that several subtasks have."""
    subtasks, groups = subject.task.subtasks, subject.graph.duplicates
    usual = _ROUNDED if groups and _are_rounded(subject.task.column("id")) else _HINT
    unread = subject.unread("id"), subject.unread("name")
    for places in groups:
        group = [place for place in places if not _is_open(subject, place, *unread)]
        if len(group) < 2:
            continue
        identifier = subtasks[group[0]].id
        names = [quoted(subtasks[position].name) for position in group]
        count, told = counted(len(group), "subtask"), shorten(str(identifier))
        message, hint = f"{count} have the id {told}: {listed(names)}", usual
        attribute = "id"
        if subject.task.is_definition and set(names) == {quoted(str(identifier))}:
            message, hint = shared_name(len(group), names[0])
            attribute = "name"
        yield Fault(
            message,
            hint,
            subtasks=(identifier,),
            pointer=subject.subtask_pointer(max(group), attribute),
        )


def _is_open(
    subject: Subject,
    position: int,
    ids: frozenset[int | None],
    names: frozenset[int | None],
) -> bool:
    """Tell whether a subtask may have another id: what stands for it was not all read."""
    subtask = subject.task.subtasks[position]
    return position in ids or (position in names and subtask.id == subtask.name)


def _are_rounded(ids: Sequence[Id]) -> bool:
    """Tell whether numbers too large for JavaScript are all such as it writes them."""
    large = [name for name in ids if isinstance(name, int) and name > 2**53]
    return bool(large) and all(int(Decimal(repr(float(name)))) == name for name in large)


RULE = Rule(check, "error")
