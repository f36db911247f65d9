"""One subtask holds most of the worst case.

What it does
------------
Finds a subtask on the critical path whose timeout is more than `dominant-timeout` (half) of
the worst case. Where the worst case has no bound, its finite part counts. A task in which
only one subtask has a timeout is not looked at, and neither is a definition, whose author
chose the timeouts.

Why it is bad
-------------
It is legal, but that one timeout decides how long a hang stays unnoticed and how long a
window the task needs.

Example
-------
Timeouts of 60, 3600 and 300 s one after the other: the second holds 90 %.

What to do
----------
See whether the subtask needs that long: its own history tells.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import (
    SOUND_GRAPH,
    TIMEOUTS,
    Fault,
    Rule,
    Subject,
    need,
    of_worst_case,
)


def check(subject: Subject) -> Iterator[Fault]:
    """Report each subtask that dominates the worst case."""
    for node in subject.analysis.dominant:
        budget = subject.analysis.budget
        share = budget.shares[node]
        yield Fault.of(
            subject,
            [subject.graph.positions[node]],
            f"holds {of_worst_case(budget, share)}",
            "see whether it needs that long",
            "timeout",
        )


RULE = Rule(
    check,
    "info",
    TIMEOUTS,
    SOUND_GRAPH,
    need(
        "a run",
        "a definition says on purpose how long a subtask may take",
        lambda subject: not subject.task.is_definition,
        of_run=True,
    ),
)
