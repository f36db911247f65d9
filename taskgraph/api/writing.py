"""Drawing a task, and writing reports and data frames, also of many tasks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from taskgraph.api.loading import LoadedTask
from taskgraph.errors import ConfigError, RenderError
from taskgraph.model.words import counted
from taskgraph.version import __version__

if TYPE_CHECKING:
    import pandas as pd

    from taskgraph.diagrams.options import DiagramOptions
    from taskgraph.history.departures import Anomalies
    from taskgraph.reports.history import HistoryResult
    from taskgraph.reports.results import Account, Postmortem
    from taskgraph.reports.text.console import Style

REPORTS = ("html", "markdown")
"""The forms of a postmortem."""
HISTORY_FORMS = ("text", "csv", "json", "markdown", "html")
"""The forms of every result of a history; advice on timeouts also comes as a ``patch``, and
timeouts that fit a window as a ``diff``.
"""


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
    from taskgraph.analysis.compare import compare_analyses
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
        comparison = compare_analyses(before, after)
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


def report_history(
    result: HistoryResult | Anomalies, form: str = "text", style: Style | None = None
) -> str:
    """Write what many documents say: a result of :mod:`taskgraph.history`.

    Parameters
    ----------
    result : Statistics, TimeoutReview, Odds, Trends, Growths, Fit, Anomalies, or several
        The last ones may be of several runs, in a sequence.
    form : str
        One of `HISTORY_FORMS`, ``patch`` for advice on the timeouts of one task, or
        ``diff`` for timeouts that fit a window.
    style : Style, optional
        The width and the colours of text.

    Raises
    ------
    ConfigError
        If a patch is asked for several tasks.
    RenderError
        If there is no such form.
    """
    from taskgraph.history.departures import Anomalies
    from taskgraph.reports.history import table_report
    from taskgraph.reports.history_tables import render_html, render_markdown

    if isinstance(result, Anomalies):
        result = (result,)
    if form in ("json", "csv"):
        from taskgraph.reports.history_data import render_csv, render_json

        return render_json(result) if form == "json" else render_csv(result)
    if form == "patch":
        return _patch(result)
    if form == "diff":
        return _diff(result)
    if form == "markdown":
        return render_markdown(table_report(result))
    if form == "html":
        from taskgraph.history.trending import Trends

        if isinstance(result, Trends):
            from taskgraph.reports.html.page import trends_html

            return trends_html(result)
        return render_html(table_report(result))
    if form == "text":
        from taskgraph.reports.text.console import Style
        from taskgraph.reports.text.history import render_text

        return render_text(table_report(result), style or Style(100))
    raise RenderError(f"no report {form!r}: choose from {', '.join(HISTORY_FORMS)}")


def _diff(result: HistoryResult) -> str:
    from taskgraph.history.fitting import Fit
    from taskgraph.reports.fitting import fit_diff

    if not isinstance(result, Fit):
        raise RenderError("a diff is made of timeouts that fit a window")
    return fit_diff(result)


def _patch(result: HistoryResult) -> str:
    from taskgraph.history.reviewing import TimeoutReview
    from taskgraph.reports.history_data import render_patch

    if not isinstance(result, TimeoutReview) or not result.tasks:
        raise RenderError("a patch is made of the advice on the timeouts of one task")
    if (count := len(result.tasks)) > 1:
        file = result.tasks[0].task.origin.file
        raise ConfigError(
            f"{file}: holds {counted(count, 'task')}; a patch is for one\n"
            "  hint: choose it by its name: --task"
        )
    return render_patch(result.tasks[0])


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
