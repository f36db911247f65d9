"""Drawing a task, and writing reports and data frames about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from taskgraph.api.loading import LoadedTask
from taskgraph.errors import RenderError
from taskgraph.version import __version__

if TYPE_CHECKING:
    import pandas as pd

    from taskgraph.diagrams.options import DiagramOptions
    from taskgraph.reports.results import Account, Postmortem

REPORTS = ("html", "markdown")
"""The forms of a postmortem."""


def postmortem_of(
    accounts: Sequence[Account], unreadable: Sequence[str] = ()
) -> Postmortem:
    """Put several tasks into one report; two of one task are compared.

    Parameters
    ----------
    accounts : sequence of Account
    unreadable : sequence of str
        Why other documents could not be read.
    """
    from taskgraph.analysis.compare import compare
    from taskgraph.reports.comparison import Pair
    from taskgraph.reports.results import Postmortem

    change = None
    tasks = [account.graph.task for account in accounts]
    ids = [task.unredacted(task.id) for task in tasks]
    if len(ids) == 2 and ids[0] is not None and ids[0] == ids[1]:
        accounts = sorted(  # the older one first
            accounts, key=lambda one: one.as_of.timestamp() if one.as_of else 0.0
        )
        before, after = (account.analysis for account in accounts)
        comparison = compare(before, after)
        change = Pair(after.task.name, before.graph, after.graph, comparison)
    return Postmortem(tuple(accounts), tuple(unreadable), change, __version__)


def report(
    tasks: LoadedTask | Postmortem,
    form: str = "html",
    options: DiagramOptions | None = None,
) -> str:
    """Write the postmortem of a task, or of several as :func:`postmortem_of` gives.

    Parameters
    ----------
    tasks : LoadedTask or Postmortem
    form : {"html", "markdown"}
    options : DiagramOptions, optional
        What the pictures collapse, and which view comes first on the page.

    Raises
    ------
    RenderError
        If there is no such form, or it has no timeline to begin with.
    """
    return "".join(report_pieces(tasks, form, options))


def report_pieces(
    tasks: LoadedTask | Postmortem,
    form: str = "html",
    options: DiagramOptions | None = None,
) -> Iterable[str]:
    """Write as :func:`report` does, in pieces: a large page is never held whole."""
    from taskgraph.diagrams.options import DiagramOptions
    from taskgraph.reports.results import Postmortem

    options = options or DiagramOptions()
    postmortem = tasks if isinstance(tasks, Postmortem) else postmortem_of([tasks.account])
    if form == "html":
        from taskgraph.reports.html.page import report_html

        return report_html(postmortem, options)
    if form == "markdown":
        from taskgraph.reports.task_markdown import report_markdown

        if options.view == "timeline":
            raise RenderError("a report in markdown has no timeline: choose html")
        return [report_markdown(postmortem, options)]
    raise RenderError(f"no report {form!r}: choose from {', '.join(REPORTS)}")


def render(
    loaded: LoadedTask, form: str = "svg", options: DiagramOptions | None = None
) -> str | bytes:
    """Draw a task.

    Parameters
    ----------
    loaded : LoadedTask
    form : str
        ``svg``, ``dot``, ...: see ``taskgraph.diagrams.formats.FORMATS``.
    options : DiagramOptions, optional

    Raises
    ------
    RenderError
        If the format does not exist or a program that it needs is missing.
    """
    from taskgraph.diagrams import formats

    return formats.render(loaded.analysis, form, options)


def to_frame(
    tasks: LoadedTask | Iterable[LoadedTask], rows: str = "subtasks"
) -> pd.DataFrame:
    """Give what is known of tasks as a data frame of pandas.

    Parameters
    ----------
    tasks : LoadedTask or iterable of LoadedTask
    rows : {"subtasks", "tasks", "findings"}
        What each row is about.

    Raises
    ------
    ConfigError
        If there are no such rows, or pandas is not installed: it comes with the extra
        ``pandas``.
    """
    from taskgraph.reports import notebook

    several = [tasks] if isinstance(tasks, LoadedTask) else tasks
    return notebook.to_frame((loaded.account for loaded in several), rows)
