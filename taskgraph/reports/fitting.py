"""Which timeouts to lower so that the worst case fits: as a table, and as a diff."""

from __future__ import annotations

import re
from difflib import unified_diff
from itertools import pairwise

from taskgraph.errors import ConfigError
from taskgraph.history.fitting import Fit, Lowered
from taskgraph.model.durations import format_duration, like_written, parse_duration
from taskgraph.model.task import Id, Task, id_key
from taskgraph.model.words import counted, title_of
from taskgraph.privacy.masking import mask_text
from taskgraph.reports.history_tables import Column, TableReport, TitledTable, share_text
from taskgraph.sources.opening import Source
from taskgraph.sources.places import locate
from taskgraph.sources.reading import read_source

_TOKEN = re.compile(r""""[^"\n]*"|'[^'\n]*'|[^\s,}\]#][^,}\]#\n]*""")

_CHANGED: tuple[Column[Lowered], ...] = (
    Column("id", lambda one: one.id, "word"),
    Column("name", lambda one: one.name),
    Column("timeout", lambda one: one.before, "seconds"),
    Column("becomes", lambda one: one.after, "seconds"),
)
_RUNS: tuple[Column[Lowered], ...] = (
    Column("runs", lambda one: one.runs, "count"),
    Column("longer", lambda one: one.longer, "count"),
)


def fit_report(fit: Fit) -> TableReport:
    """Report which timeouts to lower, what that does and what it risks."""
    before, after = (format_duration(one.seconds) for one in (fit.before, fit.after))
    facts = [("Window", format_duration(fit.window)), ("Worst case", before)]
    title = f"Fitting {title_of(fit.task)} into a window"
    if not fit.lowered:
        return TableReport(title, [*facts, ("Changes", "none are needed")], [])
    changes = counted(len(fit.lowered), "timeout")
    facts += [("Becomes", after), ("Changes", f"{changes} lowered; {_surety(fit)}")]
    columns = _CHANGED + _RUNS * fit.by_runs
    notes = ["Nothing is raised, and nothing without a timeout of its own changes."]
    if fit.by_runs:
        notes.append(
            "longer: healthy runs that took longer than the new timeout. Of them all and "
            "the next one each is as likely to be the longest, which gives the risk; in "
            "between it is the lowest convex line. Only timeouts with healthy runs "
            "are lowered, and none below what half of them took."
        )
    else:
        notes.append("No past runs are asked (--runs): healthy work may take longer.")
    sections = [TitledTable("Timeouts", columns, fit.lowered)]
    return TableReport(title, facts, sections, notes)


def _surety(fit: Fit) -> str:
    """Say what it costs, and whether that is the least."""
    if fit.by_runs:
        risk = share_text(min(1.0, fit.cost))
        text = f"a run of the task is cut for that with at most {risk}"
        if fit.is_exact:
            return f"{text}: the least risk"
        least = share_text(min(1.0, max(fit.proven, 0.0)))
        return f"{text}; no less than {least} is possible"
    if fit.is_exact:
        return "fewer are not enough"
    return f"{fit.proven:,.0f} or more are needed"


def fit_diff(fit: Fit) -> str:
    """Write the change of a document as a unified diff.

    It is applied by ``patch`` and by ``git apply``. That the new text is read as the task
    that was meant is tried before.

    Raises
    ------
    ConfigError
        If the timeouts cannot be changed where they stand, or a line holds a secret.
    """
    task = fit.task
    origin = task.origin
    if origin.redacted is not None:
        raise _refusal(task, "it is redacted, and a diff shows lines as they are")
    if not fit.lowered:
        return ""
    if origin.syntax not in {"json", "yaml"} or origin.first_line > 1 or not origin.data:
        raise _refusal(task, "it is no file of its own with one task")
    text = origin.data.decode("utf-8", "replace")
    new = {one.id: one.after for one in fit.lowered}
    pointers = {
        f"{origin.subtask_pointer(place)}/timeout": (sub.timeout, new[sub.id])
        for place, sub in enumerate(task.subtasks)
        if sub.id in new
    }
    starts = [0, *(at.end() for at in re.finditer("\n", text))]
    places = locate(origin.data, pointers, origin.syntax)
    edits = sorted(
        (starts[line - 1] + column - 1, *pointers[pointer])
        for pointer, (line, column) in places.items()
    )
    if any(first[0] == second[0] for first, second in pairwise(edits)):
        raise _refusal(task, "several subtasks share one of the timeouts")
    changed, at = "", 0
    for offset, old, seconds in edits:
        token = _TOKEN.match(text, offset)
        shown = "" if token is None else _rewritten(token[0].rstrip(), old, seconds)
        if token is None or not shown:
            raise _refusal(
                task, f"a timeout is not written as {old} seconds where it stands"
            )
        changed += text[at:offset] + shown
        at = offset + len(token[0].rstrip())
    changed += text[at:]
    _require_as_meant(fit, changed)
    diff = _diff(text, changed, origin.file)
    if mask_text(diff) != diff:
        raise _refusal(task, "a line to show holds a secret")
    return diff


def _rewritten(token: str, old: int | None, seconds: int) -> str:
    """Write a duration in the place of another; nothing where that is not what it says."""
    quote = token[0] if token[0] in "\"'" else ""
    inner = token.strip(quote) if quote else token
    try:
        if parse_duration(inner) != old:
            return ""
    except ValueError:
        return ""
    return f"{quote}{like_written(inner, seconds)}{quote}"


def _require_as_meant(fit: Fit, text: str) -> None:
    """Read a changed document, and refuse one that says something else than was meant."""
    file = fit.task.origin.file
    readings = list(read_source(Source(file, text.encode)))
    tasks = [task for reading in readings for task in reading.tasks]
    new = {one.id: one.after for one in fit.lowered}
    meant = [(one, new.get(one, timeout)) for one, timeout in _timeouts(fit.task)]
    if meant not in map(_timeouts, tasks):
        raise _refusal(fit.task, "the same text stands for other timeouts too")


def _timeouts(task: Task) -> list[tuple[Id, int | None]]:
    """Give the timeout of each subtask, by id, ascending."""
    subtasks = sorted(task.subtasks, key=lambda sub: id_key(sub.id))
    return [(sub.id, sub.timeout) for sub in subtasks]


def _diff(before: str, after: str, file: str) -> str:
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    name = file.lstrip("/")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in unified_diff(old, new, f"a/{name}", f"b/{name}")
    )


def _refusal(task: Task, reason: str) -> ConfigError:
    return ConfigError(
        f"{task.origin.file}: cannot be changed by a diff: {reason}\n"
        "  hint: change the timeouts by hand, as the table without --format says"
    )
