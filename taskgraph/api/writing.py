"""Drawing a task and writing reports about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from taskgraph.api.analyses import account, analyze
from taskgraph.api.loading import LoadedTask
from taskgraph.errors import RenderError

if TYPE_CHECKING:
    from datetime import datetime

    from taskgraph.diagrams import DiagramOptions
    from taskgraph.reports.results import Account, Collected

__all__ = ["REPORTS", "collect", "render", "report"]

REPORTS = ("html", "markdown")
"""The forms of a postmortem."""


def collect(accounts: Sequence[Account], unreadable: Sequence[str] = ()) -> Collected:
    """Put several tasks into one report; two of one task are compared.

    Parameters
    ----------
    accounts : sequence of Account
    unreadable : sequence of str
        Why other documents could not be read.
    """
    from taskgraph import __version__
    from taskgraph.analysis.compare import compare
    from taskgraph.reports.comparison import Pair
    from taskgraph.reports.results import Collected

    change = None
    if len(accounts) == 2:
        before, after = (found.graph for found in accounts)
        if before.task.id is not None and before.task.id == after.task.id:
            change = Pair(after.task.name, before, after, compare(before, after))
    return Collected(tuple(accounts), tuple(unreadable), change, __version__)


def report(tasks: LoadedTask | Collected, form: str = "html") -> str:
    """Write the postmortem of a task as a page, or of several as :func:`collect` gives.

    Parameters
    ----------
    tasks : LoadedTask or Collected
    form : {"html", "markdown"}

    Raises
    ------
    RenderError
        If there is no such form.
    """
    from taskgraph.reports.results import Collected

    collected = tasks if isinstance(tasks, Collected) else collect([account(tasks)])
    if form == "html":
        from taskgraph.reports.html import report_html

        return report_html(collected)
    if form == "markdown":
        from taskgraph.reports.postmortem import report_markdown

        return report_markdown(collected)
    raise RenderError(f"no report {form!r}: choose from {', '.join(REPORTS)}")


def render(
    loaded: LoadedTask,
    form: str = "svg",
    options: DiagramOptions | None = None,
    *,
    as_of: datetime | None = None,
) -> str | bytes:
    """Draw a task.

    Parameters
    ----------
    loaded : LoadedTask
    form : str
        ``svg``, ``dot``, ...: see ``taskgraph.diagrams.FORMATS``.
    options : DiagramOptions, optional
    as_of : datetime, optional
        The moment that a timeline shows; by default the document's own.

    Raises
    ------
    RenderError
        If the format does not exist or a program that it needs is missing.
    """
    from taskgraph import diagrams

    results = analyze(loaded)
    return diagrams.render(
        loaded.graph,
        form,
        options=options or diagrams.DiagramOptions(),
        schedule=results.schedule,
        no_return=results.point_of_no_return,
        as_of=as_of,
    )
