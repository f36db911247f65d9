"""The order of the subtasks and of their edge lists in the document has no say."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskgraph.analysis.whatif import Changes
from taskgraph.graph.taskgraph import TaskGraph
from tests.analysis.documents import analyse, load, load_backwards


def everything(graph: TaskGraph) -> list[object]:
    """Run every analysis of one document."""
    answers = analyse(graph)
    change = answers.timetable(changes=Changes(skipped=(graph.subtasks[0].id,))).what_if
    assert change is not None
    return [
        answers.budget,
        analyse(graph, concurrency=2, attempts=3).budget,
        answers.drags,
        answers.longest_path,
        answers.weigh("timeout"),
        answers.weigh("actual"),
        answers.left,
        answers.remaining,
        (change.before, change.after, change.weights),
        answers.as_run,
        answers.progress,
        answers.no_return,
        answers.rollback,
        answers.failure,
        answers.ways_out,
    ]


@pytest.mark.parametrize(
    "name", ["obproxy_stop", "three_hosts_failed", "half_rolled_back", "waited_for_a_retry"]
)
def test_every_analysis_of_a_sample(samples: Path, name: str):
    path = samples / f"{name}.json"
    turned = load_backwards(path)
    assert turned.task.subtasks != load(path).task.subtasks
    assert everything(load(path)) == everything(turned)
