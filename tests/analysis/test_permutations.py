"""The order of the subtasks and of their edge lists in the document has no say."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskgraph.analysis import budget, point_of_no_return
from taskgraph.analysis.as_run import as_run
from taskgraph.analysis.budget import BudgetOptions
from taskgraph.analysis.drag import drags
from taskgraph.analysis.failure import failure
from taskgraph.analysis.interventions import interventions
from taskgraph.analysis.progress import progress
from taskgraph.analysis.rollback import rollback
from taskgraph.analysis.weights import actual_weights, remaining_weights, timeout_weights
from taskgraph.analysis.whatif import Changes, what_if
from taskgraph.graph import TaskGraph
from tests.analysis.documents import load, load_backwards


def everything(graph: TaskGraph) -> list[object]:
    """Run every analysis of one document."""
    weights = timeout_weights(graph)
    change = what_if(graph, weights, Changes(skipped=(graph.subtasks[0].id,)))
    worst = budget(graph)
    return [
        worst,
        budget(graph, BudgetOptions(concurrency=2, attempts=3)),
        drags(graph, worst.schedule),
        weights,
        actual_weights(graph),
        remaining_weights(graph),
        (change.before, change.after, change.weights),
        as_run(graph),
        progress(graph),
        point_of_no_return(graph),
        rollback(graph),
        failure(graph),
        interventions(graph),
    ]


@pytest.mark.parametrize(
    "name", ["obproxy_stop", "three_hosts_failed", "half_rolled_back", "waited_for_a_retry"]
)
def test_every_analysis_of_a_sample(samples: Path, name: str):
    path = samples / f"{name}.json"
    turned = load_backwards(path)
    assert turned.task.subtasks != load(path).task.subtasks
    assert everything(load(path)) == everything(turned)
