"""Every form in which the findings can be written, and those that people read.

As text, grouped by file, and as Markdown they are written here; what is said of a finding
in all forms is here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from itertools import groupby
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from taskgraph.checks.result import AnyRun, CheckResult, CheckRun, CheckTotals, Finding
from taskgraph.errors import ConfigError, InputError, UncheckedError
from taskgraph.model.words import commandless, counted, plural, visible
from taskgraph.reports.markdown import escaped
from taskgraph.settings import Severity


class _Form(NamedTuple):
    """In which module what writes a form is, and which ending of a name means it.

    There ``stream_check_NAME`` writes what is streamed, ``render_check_NAME`` the rest.
    """

    module: str
    ending: str = ""
    is_streamed: bool = False
    is_of_repository: bool = False


_FORMS: Final[Mapping[str, _Form]] = {
    "text": _Form("check_formats", ".txt", is_streamed=True),
    "json": _Form("check_json", ".json"),
    "jsonl": _Form("check_json", ".jsonl", is_streamed=True),
    "sarif": _Form("check_sarif", ".sarif", is_of_repository=True),
    "junit": _Form("check_ci", ".xml"),
    "github": _Form("check_ci", is_of_repository=True),
    "gitlab": _Form("check_ci", is_of_repository=True),
    "markdown": _Form("check_formats", ".md"),
}
CHECK_FORMATS = tuple(_FORMS)


def check_format_of(file: str) -> str | None:
    """Tell the form by the ending of a file's name; ``None`` where it says nothing."""
    forms = ((form.ending, name) for name, form in _FORMS.items() if form.ending)
    return next((name for ending, name in forms if file.endswith(ending)), None)


def is_streamed(name: str) -> bool:
    """Tell whether a form is written while the run goes on; others need all of it."""
    return name in _FORMS and _FORMS[name].is_streamed


def is_of_repository(name: str) -> bool:
    """Tell whether who reads a form looks for the files from the repository's root on."""
    return name in _FORMS and _FORMS[name].is_of_repository


def check_streamer(name: str) -> Callable[[AnyRun], Iterable[str]]:
    """Give the function that writes a run in a form, piece by piece.

    Only the module of that form is imported.
    That there is no such form is a :class:`~taskgraph.errors.ConfigError`.
    """
    if name not in _FORMS:
        raise ConfigError(
            f"there is no form {name!r} of the findings: {', '.join(CHECK_FORMATS)}"
        )
    module: Any = import_module(f"taskgraph.reports.{_FORMS[name].module}")
    if is_streamed(name):
        streamer: Callable[[AnyRun], Iterable[str]] = getattr(
            module, f"stream_check_{name}"
        )
        return streamer
    render = getattr(module, f"render_check_{name}")
    return lambda run: (render(run),)


# --- for people ----------------------------------------------------------------------


Paint = Callable[[str, str], str]
"""Gives a text the looks of a role: ``file``, ``dim``, ``error``, ``warning``, ``info``."""

_CODES = {"file": "1", "dim": "2", "error": "1;31", "warning": "33", "info": "36"}
_NO_PLACE = "-"


def plain(text: str, role: str) -> str:  # noqa: ARG001 - one of two with this shape
    """Leave a text as it is."""
    return text


def ansi(text: str, role: str) -> str:
    """Colour a text for a terminal."""
    return f"\x1b[{_CODES[role]}m{text}\x1b[0m"


def stream_check_text(
    run: AnyRun, *, style: Paint = plain, quiet: bool = False, verbose: bool = False
) -> Iterator[str]:
    """Write the findings of a run as text, as they come.

    A block for each task with findings, then, unless ``quiet``, how many there are, and
    how many rules were skipped, or if ``verbose`` which and why. The severity is a word
    too, so that nothing is told by colour alone.
    """
    for result in run.results:
        if result.findings:
            yield f"{_block(result, style)}\n"
    if not quiet:
        yield "".join(f"{line}\n" for line in closing_lines(run, style, verbose=verbose))


def _block(result: CheckResult, style: Paint) -> str:
    name = f" '{visible(result.task_name)}'" if result.task_name.strip() else ""
    identifier = "" if result.task_id is None else f" {visible(str(result.task_id))}"
    file = style(commandless(visible(result.file)), "file")
    lines = [f"{file}: task{identifier}{name}" if identifier or name else file]
    places = [visible(place(finding)) or _NO_PLACE for finding in result.findings]
    width = max(map(len, places))
    for where, finding in zip(places, result.findings, strict=True):
        lines += _lines(finding, where.ljust(width), style)
    return "".join(f"{line}\n" for line in lines)


def place(finding: Finding) -> str:
    """Say where in its document a finding stands: line and column, or else the pointer."""
    if finding.line is None:
        return finding.pointer
    return f"{finding.line}:{finding.column}"


def fingerprinted(findings: tuple[Finding, ...]) -> Iterator[tuple[Finding, str]]:
    """Give each finding of a task with its fingerprint."""
    from taskgraph.checks.baseline import fingerprints

    return zip(findings, fingerprints(findings), strict=True)


def title(result: CheckResult) -> str:
    """Name the document and the task of a result; nothing is escaped here."""
    identifier = "" if result.task_id is None else f" {result.task_id}"
    return f"{result.file}: task{identifier} {result.task_name}".strip()


Reason: TypeAlias = Literal["unreadable", "partly-read", "misconfigured"]


class Gap(NamedTuple):
    """Why a document was not checked, or not all of it."""

    reason: Reason
    says: str
    asked: str
    """What it would be otherwise."""


_UNREADABLE = Gap("unreadable", "cannot be read", "is readable")
_PARTLY = Gap("partly-read", "can be read in part only", "is readable as a whole")
_MISCONFIGURED = Gap("misconfigured", "is not checked", "can be checked")


def gap_of(error: InputError, run: AnyRun) -> Gap:
    """Tell why a document of a run was not checked, or not all of it."""
    if isinstance(error, UncheckedError):
        return _MISCONFIGURED
    return _PARTLY if error.file in run.totals.partly else _UNREADABLE


def unshown(count: int) -> str:
    """Say how many findings are too many to be shown."""
    return f"{counted(count, 'more finding')} {plural(count, 'is', 'are')} not shown"


def _lines(finding: Finding, where: str, style: Paint) -> Iterator[str]:
    severity = style(str(finding.severity), str(finding.severity))
    rule = f"{finding.code} {finding.name}"
    yield f"  {style(where, 'dim')}  {severity} {rule}: {visible(finding.message)}"
    yield f"  {' ' * len(where)}  {style(f'hint: {visible(finding.hint)}', 'dim')}"


def closing_lines(
    run: AnyRun, style: Paint = plain, *, verbose: bool = False
) -> Iterator[str]:
    """Say how much was found, what was left out, and what was skipped, or also why."""
    totals = run.totals
    where = f"{counted(totals.tasks, 'task')} in {counted(totals.files, 'file')}"
    counts = totals.severities.items()
    words = [style(counted(n, severity), severity) for severity, n in counts if n]
    if totals.files or not totals.unread:
        yield f"{', '.join(words) or 'no findings'}: {where}"
    if run.missing:
        yield style(run.missing, "error")
    if totals.suppressed:
        yield style(f"{counted(totals.suppressed, 'finding')} left out as accepted", "dim")
    for line in _stale(run):
        yield style(line, "warning")
    partly, unchecked = totals.partly, totals.unchecked
    if unread := len(totals.unread - partly - unchecked):
        yield style(f"{counted(unread, 'file')} could not be read", "error")
    if partly:
        yield style(f"{counted(len(partly), 'file')} could be read in part only", "error")
    if unchecked:
        files = f"{counted(len(unchecked), 'file')} {plural(len(unchecked), 'is', 'are')}"
        yield style(f"{files} not checked: the configuration is wrong", "error")
    for line in _skipped(totals) if verbose else _skipped_in_short(totals):
        yield style(line, "dim")


def _stale(run: AnyRun) -> Iterator[str]:
    """Name the entries of the baseline that can go."""
    if run.stale:
        stands = plural(len(run.stale), "entry stands", "entries stand")
        count = counted(len(run.stale))
        yield f"{count} {stands} in the baseline, but nothing is found for it:"
    for entry in run.stale:
        about = ", ".join([entry.task or "", *entry.subtasks][:6]).strip(", ")
        yield f"  {visible(f'{entry.code} {entry.name}: {about}')}"


def _skipped_in_short(totals: CheckTotals) -> Iterator[str]:
    if codes := {skipped.code for skipped in totals.skipped}:
        rules = counted(len(codes), "rule")
        yield f"skipped {rules} for lack of what they look at: --verbose says which"


def _skipped(totals: CheckTotals) -> Iterator[str]:
    """Say which rules were skipped, a line for each reason."""
    total, counts = totals.tasks, totals.skipped
    keyed = sorted((-n, skipped.reason, skipped.code) for skipped, n in counts.items())
    for (less, reason), group in groupby(keyed, key=lambda entry: entry[:2]):
        codes = [code for _, _, code in group]
        share = f" for {counted(-less)} of {counted(total)} tasks" if total > 1 else ""
        rules = counted(len(codes), "rule")
        yield f"skipped {rules}{share}: {visible(reason)} ({', '.join(codes)})"


_ICONS = {Severity.ERROR: "🛑", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}


def render_check_markdown(run: CheckRun) -> str:
    """Write a run as a page: the count, then a table for each task with findings."""
    count, *rest = closing_lines(run, verbose=True)
    parts = [f"## taskgraph check\n\n**{escaped(count)}**\n"]
    parts += [_unreadable(error, gap_of(error, run)) for error in run.unreadable]
    parts += ["".join(_table(result)) for result in run.results if result.findings]
    if rest:
        lines = "".join(f"- {escaped(line.strip())}\n" for line in rest)
        parts.append(
            f"<details><summary>More about this run</summary>\n\n{lines}\n</details>\n"
        )
    return "\n".join(parts)


def _unreadable(error: InputError, gap: Gap) -> str:
    problems = "".join(f"- {escaped(str(problem))}\n" for problem in error.problems)
    hint = f"\n*{escaped(error.hint)}*\n" if error.hint else ""
    return f"### {escaped(error.file)} {gap.says}\n\n{problems}{hint}"


def _table(result: CheckResult) -> Iterator[str]:
    yield f"### {escaped(title(result))}\n\n"
    yield "| severity | rule | where | what |\n|---|---|---|---|\n"
    for finding in result.findings:
        what = f"{escaped(finding.message)}<br>*{escaped(finding.hint)}*"
        rule = f"{finding.code} {finding.name}"
        severity = f"{_ICONS[finding.severity]} {finding.severity}"
        yield f"| {severity} | {rule} | {escaped(place(finding))} | {what} |\n"
