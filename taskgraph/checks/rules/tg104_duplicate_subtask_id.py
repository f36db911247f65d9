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

_HINT = "remove the copies, or give each subtask an id of its own"
_NAMED = "give each of them an id, or a name of its own"
_ROUNDED = (
    "the ids look as a tool of JavaScript rounds them beyond 2^53: save the response as it "
    "came, with curl -o"
)


def check(subject: Subject) -> Iterator[Fault]:
    """Report each id that several subtasks have."""
    subtasks, groups = subject.task.subtasks, subject.graph.duplicates
    usual = _ROUNDED if groups and _are_rounded(subject.task.column("id")) else _HINT
    for group in groups:
        identifier = subtasks[group[0]].id
        names = [quoted(subtasks[position].name) for position in group]
        message, hint = f"have the id {shorten(str(identifier))}: {listed(names)}", usual
        attribute = "id"
        if subject.task.is_definition and set(names) == {quoted(str(identifier))}:
            message, hint = f"have the name {names[0]}, and no id", _NAMED
            attribute = "name"
        yield Fault(
            f"{counted(len(group), 'subtask')} {message}",
            hint,
            subtasks=(identifier,),
            pointer=subject.subtask_pointer(max(group), attribute),
        )


def _are_rounded(ids: Sequence[Id]) -> bool:
    """Tell whether numbers too large for JavaScript are all such as it writes them."""
    large = [name for name in ids if isinstance(name, int) and name > 2**53]
    return bool(large) and all(int(Decimal(repr(float(name)))) == name for name in large)


RULE = Rule(check, "error")
