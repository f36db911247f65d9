"""Subtasks and edges as a user names them on the command line."""

from __future__ import annotations

from collections.abc import Iterable

from taskgraph.analysis.whatif import Changes
from taskgraph.errors import ConfigError
from taskgraph.graph import TaskGraph
from taskgraph.model import Id, parse_duration

__all__ = ["read_changes", "split_setting"]


def read_changes(
    graph: TaskGraph,
    durations: Iterable[tuple[str, int]],
    edges: Iterable[str],
    skipped: Iterable[str],
) -> Changes:
    """Find what the options name in a task.

    Parameters
    ----------
    graph : TaskGraph
    durations : iterable of (str, int)
        Ids and seconds.
    edges : iterable of str
        ``A:B``; an id may hold a colon itself.
    skipped : iterable of str
        Ids.

    Raises
    ------
    ConfigError
        If a subtask does not exist.
    """
    ids = {str(identifier): identifier for identifier in graph.index}
    return Changes(
        durations={_find(ids, name): seconds for name, seconds in durations},
        dropped_edges=tuple(_edge(ids, edge) for edge in edges),
        skipped=tuple(_find(ids, name) for name in skipped),
    )


def split_setting(text: str) -> tuple[str, int]:
    """Read ``ID=SECONDS``.

    Raises
    ------
    ConfigError
        If it has another form.
    """
    name, equals, value = text.rpartition("=")
    try:
        return name, parse_duration(value if equals else "")
    except ValueError:
        example = "13175721=600 or 13175721=10m"
        raise ConfigError(f"--set takes ID=SECONDS, like {example}, not {text}") from None


def _find(ids: dict[str, Id], name: str) -> Id:
    if name not in ids:
        import difflib

        near = difflib.get_close_matches(name, ids, 1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise ConfigError(f"no subtask has the id {name}{meant}")
    return ids[name]


def _edge(ids: dict[str, Id], text: str) -> tuple[Id, Id]:
    parts = text.split(":")
    for cut in range(1, len(parts)):
        upstream, downstream = ":".join(parts[:cut]), ":".join(parts[cut:])
        if upstream in ids and downstream in ids:
            return ids[upstream], ids[downstream]
    if len(parts) == 2:
        _find(ids, parts[0])
        _find(ids, parts[1])
    raise ConfigError(f"--drop-edge takes UPSTREAM:DOWNSTREAM, two ids: {text}")
