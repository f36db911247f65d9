"""What a diagram shows, before anyone decides where.

Layout and every graph format start from the scene, so they show the same;
:mod:`taskgraph.diagrams.building` makes it, in the only traversal of the graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from taskgraph.diagrams.labels import Caption, join_words
from taskgraph.model.statuses import SIGNS, UNKNOWN, look
from taskgraph.model.task import Id

__all__ = [
    "CHANGES",
    "CLOSES",
    "GATE",
    "GATE_MEANS",
    "NodeKind",
    "Scene",
    "SceneEdge",
    "SceneNode",
    "tone_of",
]

GATE = "Point of no return"
"""What is written on a subtask that forbids rollback once it starts."""
GATE_MEANS = f"{GATE}: no rollback once it starts"
"""What a legend says of it."""
CLOSES = "closes the cycle"
"""What is written on an edge without which there would be none."""

CHANGES = ("removed", "changed", "added", "unchanged")
"""What became of a subtask between two documents; also the tones of that."""


def tone_of(word: str) -> str:
    """Give the tone of what is counted in a box: of a change, or of a status."""
    return word if word in CHANGES else look(word).tone


class NodeKind(StrEnum):
    """What stands behind a node of the scene."""

    SUBTASK = "subtask"
    GROUP = "group"  # several subtasks in one box
    FRAME = "frame"  # several subtasks, each with its own box, in one frame
    GHOST = "ghost"  # an id that is named but does not exist
    JUNCTION = "junction"  # where the edges of all with all meet


@dataclass(frozen=True, slots=True)
class SceneNode:
    """One thing that is drawn. All texts are safe to show on one line.

    Attributes
    ----------
    ids : tuple of ids
        The subtasks behind it.
    target : str
        What a part of a split works on; empty where the document does not tell.
    name, id_text, state : str
        The lines of its box; ``state`` begins with the status word.
    tone : str
        Whose colours and icon it has, see :mod:`taskgraph.model.statuses`.
    facts : tuple of str
        Time limit, measured time, attempts.
    counts : tuple of (str, int)
        Of a GROUP or FRAME: how many subtasks have which status, the worst first.
    share : float or None
        Of a subtask that ran: how much of its timeout that took; of one that did not: how
        much of the worst case its timeout is.
    measured : bool
        Which of the two it is.
    members : tuple of SceneNode
        Of a FRAME: what is drawn inside it.
    critical, gate, blocked, faulty : bool
        On a critical path; a point of no return; cannot start because of a failure;
        part of a fault.
    """

    kind: NodeKind
    ids: tuple[Id, ...] = ()
    name: str = ""
    id_text: str = ""
    target: str = ""
    state: str = ""
    tone: str = UNKNOWN
    facts: tuple[str, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    share: float | None = None
    measured: bool = False
    members: tuple[SceneNode, ...] = ()
    critical: bool = False
    gate: bool = False
    blocked: bool = False
    faulty: bool = False

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks in words."""
        words = (
            ("on the critical path", self.critical),
            ("point of no return", self.gate),
            ("part of a fault", self.faulty),
        )
        return tuple(word for word, applies in words if applies)

    @property
    def description(self) -> str:
        """Everything that the box says, in full."""
        counts = [f"{count:,} {status}" for status, count in self.counts]
        what = (self.name, self.id_text, self.target, self.state)
        return join_words((*what, *counts, *self.facts, *self.marks))

    @property
    def headlines(self) -> Iterable[str]:
        """What a box begins with where there are no icons and tabs: signs and words.

        A definition has no states.
        """
        if self.gate:
            yield f"⛔ {GATE}"
        if self.kind is NodeKind.GROUP:
            for status, count in self.counts:
                yield f"{look(status).sign} {count:,} {status}"
        elif self.state:
            yield f"{SIGNS[self.tone]} {self.state}"


class SceneEdge(NamedTuple):
    """An edge between two nodes of the scene, by their places.

    Without those that are ``closing`` no cycle is left.
    """

    tail: int
    head: int
    critical: bool = False
    cyclic: bool = False
    closing: bool = False
    one_sided: bool = False
    ghostly: bool = False
    change: str = ""
    """One of :data:`CHANGES`, where two documents are compared and it is not in both."""

    @property
    def wrong(self) -> bool:
        """Whether it is part of a cycle, or leads to what does not exist."""
        return self.cyclic or self.ghostly

    @property
    def doubtful(self) -> bool:
        """Whether only one end names it."""
        return self.one_sided or self.ghostly


@dataclass(frozen=True, slots=True)
class Scene(Caption):
    """A diagram's content.

    Attributes
    ----------
    nodes : tuple of SceneNode
    edges : tuple of SceneEdge
        Ascending and distinct.
    direction : {"LR", "TB"}
    in_stages : bool
        Whether boxes stand for whole stages: there are few edges then, and it may be long.
    compares : bool
        Whether it shows what changed between two documents, and no statuses.
    """

    nodes: tuple[SceneNode, ...]
    edges: tuple[SceneEdge, ...]
    direction: Literal["LR", "TB"] = "LR"
    in_stages: bool = False
    compares: bool = False

    def boxes(self) -> Iterable[SceneNode]:
        """Give the nodes with the members of frames behind their frame."""
        for node in self.nodes:
            yield node
            yield from node.members
