"""What the simulated engine is told to run: a task's subtasks, limits and flags.

A template is a small graph of nodes; a node that is split becomes several subtasks, side
by side or one after the other, as the engine expands it at submission.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

SECOND = 1000  # all moments are milliseconds since 1970

_VERBS = ("Prepare", "Stop", "Start", "Sync", "Check", "Update", "Install", "Wait for")
_THINGS = ("obproxy", "OB zone", "observer", "cluster info", "tenant", "host", "agent")
_OTHER_NAMES = ("Wait node", "Start node", "Finish node", "停止 OBProxy", "升级集群 α")
_TIMEOUTS = (10, 30, 30, 60, 300, 300, 600, 1800, 1800, 3600, 5400)
_RARE_TIMEOUTS = (0, 1, 86_400, 604_800)


_TYPES = ("MANUAL",) * 6 + ("SCHEDULED",) * 2 + ("SYS_SCHEDULED", "SYS_ONCE")


class Step(NamedTuple):
    """One subtask to run.

    Attributes
    ----------
    upstreams : tuple of int
        Positions in ``Plan.steps``.
    timeout : int
        Seconds per attempt; 0 arms no deadline.
    retries : int
        How often the engine retries it without being asked.
    pace : int
        Milliseconds that its work usually takes.
    """

    name: str
    upstreams: tuple[int, ...]
    timeout: int
    retries: int
    pace: int
    parallel_index: int = -1
    forbids_rollback: bool = False
    forbids_skip: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A task as it is submitted.

    Attributes
    ----------
    ids, series : tuple of int
        The id and the series number that each step gets.
    submitted : int
        The moment of submission.
    concurrency : int
        How many subtasks may be in flight: -1 for the engine's default, 0 for no limit.
    clocks : tuple of int
        Of each of the engine's servers: by how many milliseconds its clock is ahead.
    stages : tuple of tuple of int
        The steps stage by stage, where every step waits for the whole stage before.
    """

    id: int
    name: str
    type: str
    steps: tuple[Step, ...]
    ids: tuple[int, ...]
    series: tuple[int, ...]
    submitted: int
    concurrency: int = -1
    forbids_rollback: bool = False
    clocks: tuple[int, ...] = (0,)
    stages: tuple[tuple[int, ...], ...] = ()
    downstreams: tuple[tuple[int, ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        downs: list[list[int]] = [[] for _ in self.steps]
        for index, step in enumerate(self.steps):
            for up in step.upstreams:
                downs[up].append(index)
        object.__setattr__(self, "downstreams", tuple(map(tuple, downs)))

    @property
    def is_connected(self) -> bool:
        """Whether the steps hang together, edges taken without their direction."""
        seen = {0}
        stack = [0]
        while stack:
            index = stack.pop()
            for other in (*self.steps[index].upstreams, *self.downstreams[index]):
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        return len(seen) == len(self.steps)


@dataclass(slots=True)
class _Node:
    """A node of a template: ``parts`` is 0 where it is not split."""

    upstreams: tuple[int, ...]
    parts: int = 0
    serial: bool = False


def make_plan(rng: Random) -> Plan:
    """Draw a plan: its shape, its limits and its flags."""
    shape = rng.choice((_chain, _layers, _layers, _random, _random, _two_chains))
    nodes = shape(rng, min(14, 1 + int(rng.expovariate(0.2))))
    _split(rng, nodes)
    groups, steps = _expand(rng, nodes)
    count = len(steps)
    first_id = rng.choice((10**4, 10**6, 13_175_719, 2**53 + 10**6)) + rng.randrange(10**5)
    ids = list(range(first_id, first_id + count))
    rng.shuffle(ids)
    return Plan(
        id=first_id - rng.randrange(1, 5000),
        name=f"{rng.choice(_VERBS)} {rng.choice(_THINGS)}",
        type=rng.choice(_TYPES),
        steps=tuple(steps),
        ids=tuple(ids),
        series=_series(rng, groups, count),
        submitted=rng.randrange(1_609_459_200, 1_751_328_000) * SECOND
        + rng.randrange(1000),
        concurrency=rng.choice((-1, -1, -1, 0, 1, 2, 3, 5)),
        forbids_rollback=rng.random() < 0.08,
        clocks=rng.choice(((0,), (0,), (0,), (0, 35), (-40, 0, 40))),
        stages=_stages(nodes, groups),
    )


def _chain(_: Random, count: int) -> list[_Node]:
    return [_Node((number - 1,) if number else ()) for number in range(count)]


def _two_chains(rng: Random, count: int) -> list[_Node]:
    """Two chains that meet or, seldom, do not."""
    nodes = _chain(rng, count)
    if count > 2:
        start = rng.randrange(1, count)
        nodes[start].upstreams = ()
        if rng.random() < 0.95:
            nodes.append(_Node((start - 1, count - 1)))
    return nodes


def _layers(rng: Random, count: int) -> list[_Node]:
    """Layers in which every node waits for some or all of the layer before.

    Most end in a node that waits for all that nothing else waits for.
    """
    nodes: list[_Node] = []
    before: list[int] = []
    whole = rng.random() < 0.5
    while len(nodes) < count:
        width = rng.randrange(1, 5)
        layer = list(range(len(nodes), len(nodes) + width))
        nodes += [_Node(tuple(before if whole else _some(rng, before))) for _ in layer]
        before = layer
    if rng.random() < 0.9:
        used = {up for node in nodes for up in node.upstreams}
        nodes.append(_Node(tuple(set(range(len(nodes))) - used)))
    return nodes


def _random(rng: Random, count: int) -> list[_Node]:
    density = rng.choice((0.1, 0.3, 0.6))
    nodes = []
    for number in range(count):
        ups = [up for up in range(number) if rng.random() < density]
        if number and not ups and rng.random() < 0.995:
            ups = [rng.randrange(number)]
        nodes.append(_Node(tuple(ups)))
    return nodes


def _some(rng: Random, candidates: list[int]) -> list[int]:
    count = rng.randrange(1, len(candidates) + 1) if candidates else 0
    return sorted(rng.sample(candidates, count))


def _split(rng: Random, nodes: list[_Node]) -> None:
    """Split some nodes; neighbours often have the same number of parts."""
    if rng.random() < 0.4:
        return
    parts = rng.choice((1, 2, 2, 3, 3, 4, 6, 12))
    if rng.random() < 0.03:  # more than there are workers
        rng.choice(nodes).parts = rng.choice((20, 40))
        return
    for node in nodes:
        if rng.random() < 0.35:
            node.parts = parts if rng.random() < 0.8 else rng.randrange(1, 5)
            node.serial = rng.random() < 0.4


def _expand(rng: Random, nodes: list[_Node]) -> tuple[list[list[int]], list[Step]]:
    """Turn nodes into steps; also give the steps of each node."""
    groups: list[list[int]] = []
    steps: list[Step] = []
    flags = rng.random() < 0.4
    retries = rng.choice((0, 0, 0, 1, 3))
    for node in nodes:
        entry: list[int] = []
        for up in node.upstreams:
            entry += groups[up][-1:] if nodes[up].serial else groups[up]
        step = Step(
            name=_name(rng),
            upstreams=tuple(entry),
            timeout=rng.choice(_RARE_TIMEOUTS if rng.random() < 0.06 else _TIMEOUTS),
            retries=retries if rng.random() < 0.6 else 0,
            pace=int(rng.lognormvariate(8.0, 2.0)) + 5,
            forbids_rollback=flags and rng.random() < 0.25,
            forbids_skip=flags and rng.random() < 0.25,
        )
        group: list[int] = []
        for part in range(max(1, node.parts)):
            index = part if node.parts else -1
            ups = (group[-1],) if node.serial and group else step.upstreams
            group.append(len(steps))
            steps.append(step._replace(upstreams=ups, parallel_index=index))
        groups.append(group)
    return groups, steps


def _name(rng: Random) -> str:
    if rng.random() < 0.35:
        return rng.choice(_OTHER_NAMES)
    return f"{rng.choice(_VERBS)} {rng.choice(_THINGS)}"


def _series(rng: Random, groups: list[list[int]], count: int) -> tuple[int, ...]:
    """Number the steps node by node, the nodes in the order of a hash set."""
    series = [0] * count
    number = 0
    for group in rng.sample(groups, len(groups)):
        for index in group:
            series[index] = number
            number += 1
    return tuple(series)


def _stages(nodes: list[_Node], groups: list[list[int]]) -> tuple[tuple[int, ...], ...]:
    """Give the steps stage by stage where the plan is a row of stages, else nothing."""
    is_row = all(
        node.upstreams == ((number - 1,) if number else ())
        for number, node in enumerate(nodes)
    )
    if not is_row or any(node.serial for node in nodes):
        return ()
    return tuple(map(tuple, groups))
