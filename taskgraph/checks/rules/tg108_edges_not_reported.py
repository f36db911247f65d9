"""The document has several subtasks and no edges at all.

What it does
------------
Says that no subtask has `upstreams` or `downstreams`: a list of tasks, for example,
leaves them out.

Why it is bad
-------------
It is no fault of the task, but half of the tool has nothing to go by: order, critical path
and budget cannot be told, and the rules about them are skipped.

Example
-------
The response of "Query the task list", whose subtasks have an id, a name and a status only.

What to do
----------
Save the response of "Query task instance details" for the task that matters; of a node of
obshell, its DAG: `GET /api/v1/task/dag/{id}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault, Rule, Subject
from taskgraph.model.engine import whole_dag
from taskgraph.model.words import counted


def check(subject: Subject) -> Iterator[Fault]:
    """Report a task of several subtasks without edge lists."""
    count = len(subject.graph)
    if count > 1 and not subject.graph.reported_sides:
        hint = "save the details of this task: they have upstreams and downstreams"
        if request := whole_dag(subject.task):
            hint = f"save the DAG of this node, whose stages tell the order: {request}"
        yield Fault(
            f"the document has no edges between its {counted(count, 'subtask')}: "
            "order, critical path and budget cannot be told",
            hint,
            pointer=subject.pointer(),
        )


RULE = Rule(check, "info")
