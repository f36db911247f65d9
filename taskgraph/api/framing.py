"""Results as data frames."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from taskgraph.api.analyses import account
from taskgraph.api.loading import LoadedTask

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

__all__ = ["to_frame"]


def to_frame(
    tasks: LoadedTask | Iterable[LoadedTask],
    rows: str = "subtasks",
    *,
    as_of: datetime | None = None,
) -> pd.DataFrame:
    """Give what is known of tasks as a data frame of pandas.

    Parameters
    ----------
    tasks : LoadedTask or iterable of LoadedTask
    rows : {"subtasks", "tasks", "findings"}
        What each row is about.
    as_of : datetime, optional
        The moment for what still runs; by default each document's own.

    Raises
    ------
    ConfigError
        If there are no such rows, or pandas is not installed: it comes with the extra
        ``pandas``.
    """
    from taskgraph.reports import frames

    several = [tasks] if isinstance(tasks, LoadedTask) else tasks
    return frames.to_frame((account(loaded, as_of=as_of) for loaded in several), rows)
