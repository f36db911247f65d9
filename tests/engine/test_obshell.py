"""The simulator of obshell's engine."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from tests.engine.obshell import simulate_dag

pytestmark = [pytest.mark.slow, pytest.mark.uncovered]

SEEDS = range(150)


@cache
def documents(seed: int) -> list[dict[str, Any]]:
    """Give the DAG at every moment at which something changed."""
    history = simulate_dag(seed)
    rng = Random(seed)
    return [history.document(moment, rng)["data"] for moment in history.moments]


def states(items: list[dict[str, Any]]) -> set[str]:
    return {item["state"] for item in items}


def test_a_seed_gives_one_history() -> None:
    assert simulate_dag(5) == simulate_dag(5)
    assert simulate_dag(5) != simulate_dag(6)


def test_every_state_and_operator_is_reached() -> None:
    met = {(dag["state"], dag["operator"]) for seed in SEEDS for dag in documents(seed)}
    assert met >= {
        *((state, "RUN") for state in ("READY", "RUNNING", "FAILED", "SUCCEED")),
        *((state, "ROLLBACK") for state in ("READY", "RUNNING", "SUCCEED")),
        ("FAILED", "CANCEL"),
        ("SUCCEED", "PASS"),
    }


def test_only_the_node_of_the_current_stage_runs() -> None:
    for seed in SEEDS:
        for dag in documents(seed):
            for number, node in enumerate(dag["nodes"] or (), start=1):
                if node["state"] == "RUNNING":
                    assert number == dag["stage"]
                elif node["operator"] != "CANCEL":
                    assert not {"READY", "RUNNING"} & states(node["sub_tasks"])


def test_going_forward_a_node_waits_for_the_one_before() -> None:
    for seed in SEEDS:
        for dag in documents(seed):
            if dag["operator"] not in ("RUN", "CANCEL"):
                continue
            nodes = dag["nodes"] or []
            for before, node in pairwise(nodes):
                if states(node["sub_tasks"]) != {"PENDING"}:
                    assert states(before["sub_tasks"]) == {"SUCCEED"}


def test_a_rollback_ends_in_success() -> None:
    ends = [documents(seed)[-1] for seed in SEEDS]
    undone = [
        dag for dag in ends if (dag["state"], dag["operator"]) == ("SUCCEED", "ROLLBACK")
    ]
    assert undone
    for dag in undone:
        kinds = {(node["state"], node["operator"]) for node in dag["nodes"]}
        assert kinds <= {("SUCCEED", "ROLLBACK"), ("PENDING", "RUN")}
        assert dag["stage"] == 1


def test_times_that_mean_nothing_are_written() -> None:
    written = {
        item["start_time"][:4]
        for seed in SEEDS
        for dag in documents(seed)
        for item in (dag, *(dag["nodes"] or ()))
    }
    assert {"0001", "1970"} <= written
