"""A subtask depends on an id that no subtask has.

What it does
------------
Finds ids in `upstreams` and `downstreams` that are no subtask of this task. One finding
for each such id, however many subtasks name it; where one list names more than 20 of them,
or all lists over 1,000, the first have one each, and one more for each list counts the
rest.

Why it is bad
-------------
Part of the graph is missing: a subtask was left out, or an id is misspelt. Critical path
and budget would be those of another task, so they are not computed.

Example
-------
Subtask 2 has `"upstreams": [1, 99]`, and there is no subtask 99.

What to do
----------
Add the missing subtask, or correct the id. Where the other end of an edge, or a name that
is nearly the same, tells which one was meant, the hint says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

from taskgraph.checks.rule import EDGES, Fault, Rule
from taskgraph.checks.subject import Subject, told
from taskgraph.graph.taskgraph import UnknownReference
from taskgraph.model.task import Id
from taskgraph.model.words import (
    ascending,
    counted,
    label,
    labels,
    listed,
    shorten,
    visible,
)


def check(subject: Subject) -> Iterator[Fault]:
    """Report each unknown id once, but of very many in a list their number."""
    near, unknown = subject.meant, subject.graph.unknown
    if subject.lacks_subtasks:  # it may be one that could not be read
        unknown = tuple(reference for reference in unknown if reference.id in near)
    references, rests = told(subject, unknown, attrgetter("id"))
    for identifier, mentions in references.items():
        yield _fault(subject, identifier, mentions, near.get(identifier, ""))
    noun = "more name" if subject.task.is_definition else "more id"
    for rest in rests:
        side, more = rest.first.side, counted(rest.number, noun)
        what = f"{more} in {side} that no subtask of this task has"
        hint = "add the missing subtasks, or correct the ids"
        yield Fault.of_rest(subject, rest, what, hint)


def _fault(
    subject: Subject, identifier: Id, mentions: list[UnknownReference], near: str
) -> Fault:
    subtasks, is_definition = subject.task.subtasks, subject.task.is_definition
    owners = {reference.position: subtasks[reference.position] for reference in mentions}
    first = mentions[0]
    name = _as_written(str(identifier))
    if str(identifier) != str(identifier).strip():
        name = f"'{name}'"
    if len(owners) == 1:
        sides = listed(sorted({reference.side for reference in mentions}))
        message = f"{label(owners[first.position])} names {name} in {sides}, but no subtask"
    else:
        message = (
            f"{counted(len(owners), 'subtask')} name {name} as upstream or downstream "
            f"({labels(owners.values())}), but no subtask"
        )
    return Fault(
        f"{message} of this task {'is called so' if is_definition else 'has that id'}",
        f"did you mean '{_as_written(near)}'?" if near else _hint(subject, mentions),
        subtasks=ascending(owner.id for owner in owners.values()),
        edges=tuple(map(subject.edge, mentions)),
        pointer=subject.subtask_pointer(first.position, first.side, first.id),
        detail=str(identifier) if is_definition else "",
    )


def _as_written(name: str) -> str:
    """Show a name with what stands around it, by which two may differ."""
    return shorten(visible(name))


def _hint(subject: Subject, mentions: list[UnknownReference]) -> str:
    """Say which id was meant, where exactly one subtask waits to be named."""
    if len(mentions) == 1:
        position, side, _ = mentions[0]
        node = subject.graph.index[subject.task.subtasks[position].id]
        named = subject.silent_lists.get((node, side), [])
        alone = len(subject.unknown_ids[node, side]) == 1
        candidates = [other for other in named if other != node] if alone else []
        if len(candidates) == 1:
            other = subject.at(candidates[0])
            return f"probably {label(other)} is meant, which names it on its side"
    identifier = mentions[0].id
    twin = int(identifier) if str(identifier).isdecimal() else None
    other_kind = str(identifier) if isinstance(identifier, int) else twin
    if other_kind in subject.graph.index:
        return "a subtask has it as a text, or as a number: write ids in one way"
    return "add the missing subtask, or correct the id"


RULE = Rule(check, "error", EDGES)
