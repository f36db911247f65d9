"""No command takes more than its share of steps on a document twice as large.

The long form, with seconds and memory, is ``python -m benchmarks.growth``.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar

import pytest

import taskgraph
from benchmarks import growth
from benchmarks.documents import document, layered
from taskgraph.api import load_all, loads, report_pieces
from taskgraph.cli.main import main
from taskgraph.diagrams.formats import render_pieces
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.selection import partitions
from taskgraph.sources.opening import Source
from taskgraph.sources.reading import read_source

PACKAGE = str(Path(taskgraph.__file__).parent)
LIMIT = 1.3  # the sizes are so small that what comes with subtasks counts beside the edges


def steps(action: Callable[[], object]) -> int:
    """Count the lines of the package that an action runs."""
    count = 0

    def line(_frame: FrameType, _event: str, _arg: Any) -> Any:
        nonlocal count
        count += 1
        return line

    def call(frame: FrameType, _event: str, _arg: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(PACKAGE) else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def run(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code in (0, 1, 2)


# The other graphs are sparse: 100.
SIZES = {"earlier": 30, "dense": 40, "bipartite": 40, "tasks": 25}
SIZES |= dict.fromkeys(growth.TEXTS, 5000) | dict.fromkeys(growth.FILES, 2000)
COMMANDS = ("show", "check", "explain", "graphml", "diff")


@pytest.mark.slow
@pytest.mark.uncovered
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("shape", growth.SHAPES)
def test_steps_grow_as_the_document_does(
    command: str, shape: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    size = SIZES.get(shape, 100)
    files = [growth.write(tmp_path, shape, size * part) for part in (1, 2, 4)]
    run(growth.arguments(command, files[0]))  # it imports what it needs
    costs = []
    for paths in files:
        arguments = growth.arguments(command, paths)
        costs.append(steps(lambda named=arguments: run(named)))  # type: ignore[misc]
        capfd.readouterr()
    sizes = [paths[0].stat().st_size for paths in files]
    grown = growth.power(sizes, costs)
    assert grown is not None
    assert grown < LIMIT, (sizes, costs)


@pytest.mark.uncovered
def test_the_last_of_many_tasks_takes_no_longer_than_the_first(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    path.write_bytes(growth.LISTS["tasks"].write(600, 1))
    first, second, *_, last = load_all(path)
    assert first.checked.findings
    costs = [steps(lambda one=one: one.checked) for one in (second, last)]  # type: ignore[misc]
    assert costs[1] < 1.1 * costs[0]


class Counted(tuple[int, ...]):
    """Counts how often it is gone over, by code in C too, of which no line can tell."""

    __slots__ = ()
    times: ClassVar = 0

    def __iter__(self) -> Iterator[int]:
        Counted.times += 1
        return super().__iter__()


@pytest.mark.parametrize("shape", growth.GRAPHS)
def test_what_is_drawn_is_gone_over_as_often_whatever_its_size(shape: str) -> None:
    counts = []
    for size in (30, 120):
        analysis = loads(growth.GRAPHS[shape].write(size, 1)).analysis
        nodes = Counted(range(len(analysis.graph)))
        before = Counted.times
        assert list(partitions(analysis, nodes, DiagramOptions()))
        counts.append(Counted.times - before)
    assert counts[1] <= counts[0] + 5, counts


@pytest.mark.slow
@pytest.mark.parametrize("form", ["html", "graphml", "gexf", "json"])
def test_large_pages_and_graphs_are_never_held_whole(form: str) -> None:
    loaded = loads(document(layered(4000)))
    if form == "html":
        pieces = iter(report_pieces(loaded))
    else:
        drawn = render_pieces(loaded.analysis, form)
        assert isinstance(drawn, Iterator)
        pieces = drawn
    sizes = [len(piece) for piece in pieces]
    assert max(sizes) < sum(sizes) / 4


# Of these nearly every third byte begins something that has to be kept apart.
DENSE = frozenset({"accounts", "anchors", "calls", "keys", "secrets"})


@pytest.mark.uncovered
@pytest.mark.parametrize("shape", [*growth.FILES, *growth.TEXTS])
def test_to_read_takes_at_most_eight_times_the_bytes(shape: str) -> None:
    write, _, ending = growth.SHAPES[shape]

    def peak(size: int) -> int:
        data = write(size, 1)
        tracemalloc.start()
        try:
            for _ in read_source(Source(f"saved.{ending}", lambda: data)):
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    small, large = 20_000, 100_000
    peak(small)  # it imports what it needs
    most = 13 if shape in DENSE else 8
    assert peak(large) - peak(small) < most * (large - small)


def test_a_long_text_is_not_made_wider_by_what_stands_around_it() -> None:
    size = 300_000
    loaded = loads(growth.TEXTS["words"].write(size, 1))
    assert max(map(sys.getsizeof, report_pieces(loaded))) < 2 * size
