"""What the checks find."""

from __future__ import annotations

from typing import NamedTuple

from taskgraph.model import Id, id_key
from taskgraph.settings import Severity

__all__ = ["Finding", "Step"]


class Step(NamedTuple):
    """One subtask of a walk along the edges, and where it stands in the document."""

    id: Id
    pointer: str
    line: int | None = None
    column: int | None = None


class Finding(NamedTuple):
    """One fault of one task.

    The texts are plain and unescaped: names in them come from the document.

    Attributes
    ----------
    code, name : str
        The rule: ``TG103``, ``one-sided-edge``.
    severity : Severity
    message : str
        One sentence that names the subtasks.
    hint : str
        What to do.
    file : str
    task_id, task_name
        The task; both ``None`` where the finding is about the whole document.
    subtasks : tuple of ids
        The subtasks that it is about, ascending.
    edges : tuple of (id, id)
        The edges that it is about, each as (upstream, downstream); for a cycle the
        edges without which there is none.
    pointer : str
        The JSON pointer (RFC 6901) of the place in the document.
    line, column : int or None
        The same place in the text, counted from 1, where the text is at hand.
    path : tuple of Step
        A walk along the edges that shows the fault; for a cycle it ends where it began.
    subtask_names : tuple of str
        The name of each of the subtasks.
    detail : str
        Tells findings of one rule about the same subtasks apart, apart from ids, times
        and other things that change from run to run.
    """

    code: str
    name: str
    severity: Severity
    message: str
    hint: str
    file: str
    task_id: Id | None
    task_name: str | None
    subtasks: tuple[Id, ...] = ()
    edges: tuple[tuple[Id, Id], ...] = ()
    pointer: str = ""
    line: int | None = None
    column: int | None = None
    path: tuple[Step, ...] = ()
    subtask_names: tuple[str, ...] = ()
    detail: str = ""

    def sort_key(self) -> tuple[object, ...]:
        """Give the key that sorts the findings of one task.

        The worst first, then by rule and by the ids: the order of the subtasks in the
        document has no say.
        """
        return (
            -self.severity.rank,
            self.code,
            tuple(map(id_key, self.subtasks)),
            tuple((id_key(a), id_key(b)) for a, b in self.edges),
            self.message,
            self.pointer,
        )
