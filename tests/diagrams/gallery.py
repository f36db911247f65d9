"""The pictures that are looked at, and kept.

    python -m tests.diagrams.gallery

writes them anew. Look at each, light and dark, before it is committed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from taskgraph import load
from taskgraph.diagrams.formats import render
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.model.task import Status, Task
from tests.diagrams.tasks import CHINESE, analysed, chain, fan, make_task, stages

FOLDER = Path(__file__).parent / "golden"
SAMPLES = Path(__file__).parents[2] / "samples"


class Picture(NamedTuple):
    """A file of the gallery and what it shows."""

    file: str
    task: Callable[[], Task]
    options: DiagramOptions = DiagramOptions()
    form: str = "svg"

    def draw(self) -> str:
        return str(render(analysed(self.task()), self.form, self.options))


def sample(name: str) -> Callable[[], Task]:
    return lambda: load(SAMPLES / f"{name}.json").task


def many_hosts(parts: int) -> Task:
    """Build a fan of hosts: most are done, some run, one failed."""

    def status(part: int | None) -> str:
        if part == parts // 3:
            return Status.FAILED
        return Status.RUNNING if part is not None and part % 7 == 0 else Status.SUCCESSFUL

    task = fan(parts, timeout=1800)
    rows = [
        row._replace(status=status(row.parallel_index))
        if row.name == "Stop observer"
        else row
        for row in task.subtasks
    ]
    return replace(task, subtasks=tuple(rows))


def faulty() -> Task:
    """Build a task with a cycle, a loop, an unknown id and a one-sided edge."""
    edges = [(1, 2), (2, 3), (3, 4), (4, 2), (4, 5), (5, 6), (6, 6)]
    task = make_task({n: {"name": f"Step {n}"} for n in range(1, 7)}, edges)
    rows = list(task.subtasks)
    rows[0] = rows[0]._replace(downstreams=(2, 999))
    rows[4] = rows[4]._replace(upstreams=())
    return replace(task, subtasks=tuple(rows), name="A task with faults")


def chinese() -> Task:
    names = ["开始节点", CHINESE * 2, "更新集群状态", "更新 obproxy 集群锁状态"]
    return replace(chain(names), name="停止集群 ob_prod")


def long_names() -> Task:
    return chain(["W" * 300, "https://example.com/" + "path/" * 56, "x" * 300])


TIMELINE = DiagramOptions(view="timeline")
GALLERY = (
    Picture("stop.svg", sample("obproxy_stop")),
    Picture("stop_down.svg", sample("obproxy_stop"), DiagramOptions(direction="TB")),
    Picture("stop_chains.svg", sample("obproxy_stop"), DiagramOptions(collapse="chains")),
    Picture("stop_plan.svg", sample("obproxy_stop"), TIMELINE),
    Picture("stop_plan.txt", sample("obproxy_stop"), TIMELINE, "txt"),
    Picture("stop.txt", sample("obproxy_stop"), form="txt"),
    Picture("stop.dot", sample("obproxy_stop"), form="dot"),
    Picture("stop.mmd", sample("obproxy_stop"), form="mermaid"),
    Picture("hosts_3.svg", lambda: many_hosts(3)),
    Picture("hosts_200.svg", lambda: many_hosts(200)),
    Picture(
        "hosts_200_parts.svg", lambda: many_hosts(200), DiagramOptions(collapse="parallel")
    ),
    Picture("stages_100_100.svg", lambda: stages(1, 100, 100, 1, parallel=True)),
    Picture("stages_8_8.svg", lambda: stages(1, 8, 8, 1)),
    Picture("failed.svg", sample("three_hosts_failed")),
    Picture("failed.txt", sample("three_hosts_failed"), form="txt"),
    Picture("failed_timeline.svg", sample("three_hosts_failed"), TIMELINE),
    Picture("failed_timeline.txt", sample("three_hosts_failed"), TIMELINE, "txt"),
    Picture("rolled_back.svg", sample("half_rolled_back")),
    Picture("retried_timeline.svg", sample("waited_for_a_retry"), TIMELINE),
    Picture("faults.svg", faulty),
    Picture("faults.dot", faulty, form="dot"),
    Picture("chinese.svg", chinese),
    Picture("long_names.svg", long_names),
    Picture("one.svg", lambda: chain(["The only one"])),
    Picture("none.svg", lambda: make_task({}, name="A task without subtasks")),
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for picture in GALLERY:
        (FOLDER / picture.file).write_text(picture.draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
