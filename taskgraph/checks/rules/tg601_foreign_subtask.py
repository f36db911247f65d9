"""A subtask belongs to another task.

What it does
------------
Compares the `taskId` of every subtask that has one with the id of the task. One finding
for each other task, however many subtasks name it.

Why it is bad
-------------
The document was pieced together from several responses, or an id was changed: what it says
is of no single task.

Example
-------
The task has `"id": 10`, and one of its subtasks `"taskId": 11`.

What to do
----------
Save the response again, and take the foreign subtasks out.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault, Need, Rule, Subject
from taskgraph.model.words import plural, shorten


def check(subject: Subject) -> Iterator[Fault]:
    """Report each other task that subtasks name."""
    subtasks, own = subject.task.subtasks, subject.task.id
    if {*subject.task.column("task_id")} <= {own, None}:
        return
    foreign: dict[str, list[int]] = {}
    for position, subtask in enumerate(subtasks):
        if subtask.task_id is not None and str(subtask.task_id) != str(own):
            foreign.setdefault(str(subtask.task_id), []).append(position)
    for other, positions in foreign.items():
        verb = plural(len(positions), "belongs", "belong")
        what = f"{verb} to task {shorten(other)}, not to {shorten(str(own))}"
        hint = "save the response again, and take the foreign subtasks out"
        yield Fault.of(subject, positions, what, hint, "task_id")


def _task_ids(subject: Subject) -> str:
    task = subject.task
    if task.id is None:
        return "the task has no id"
    if not task.reports("task_id"):
        return "the subtasks do not name their task"
    return ""


RULE = Rule(
    check, "error", Need("the id of the task, also in subtasks", _task_ids, of_run=True)
)
