"""What commands do with every task of the files that are named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from taskgraph.api import HISTORY_FORMS, LoadedTask, read_documents, report_history
from taskgraph.cli.options import Inputs, form_by_ending
from taskgraph.cli.output import (
    EXIT_FINDINGS,
    EXIT_INPUT,
    EXIT_OK,
    complain,
    terminal_width,
    wants_color,
    write,
)
from taskgraph.errors import AnalysisError, ConfigError
from taskgraph.model.engine import whole_dag, whole_task
from taskgraph.model.words import NAMED, listed, nearest_text, quoted
from taskgraph.sources.limits import ReadOptions

if TYPE_CHECKING:
    from taskgraph.reports.history import HistoryResult
    from taskgraph.reports.text.console import Style

T = TypeVar("T")


def each_task(inputs: Inputs, work: Callable[[LoadedTask], None]) -> tuple[int, list[str]]:
    """Do something with every task of every file; a bad one does not stop the others.

    It gives the exit code so far, and the messages on what could not be read or analysed,
    which were shown already.
    """
    code = EXIT_OK
    messages = []
    was_found = False
    foreign = []
    for document in read_documents(inputs.paths, inputs.options, inputs.resolver):
        inputs.unused.add(document.patterns, document.error)
        if document.note:
            complain(document.note)
        if document.is_foreign:
            foreign.append(document.name)
        if document.error is not None:
            messages.append(str(document.error))
            complain(messages[-1])
            code = EXIT_INPUT
        for loaded in document.tasks:
            was_found = True
            try:
                work(loaded)
            except AnalysisError as error:
                messages.append(f"{document.name}: {error}\n  hint: {_remedy(loaded)}")
                complain(messages[-1])
                code = max(code, EXIT_FINDINGS)
    for message in inputs.unused.messages():
        complain(message)
    was_found = was_found or code > EXIT_OK
    files = tuple(dict.fromkeys(foreign))  # one may be named twice
    missing = require_tasks(inputs.paths, inputs.options, files, was_found=was_found)
    return max(code, missing), messages


def one_task(
    inputs: Inputs, work: Callable[[LoadedTask], T], refusal: Callable[[int], str]
) -> tuple[int, T | None]:
    """Do something with the only task of the files; give the exit code and what came of it.

    Raises ConfigError if there are several: what `refusal` says of so many.
    """
    results: list[T] = []
    code, _ = each_task(inputs, lambda one: results.append(work(one)))
    if len(results) > 1:
        raise ConfigError(refusal(len(results)))
    return code, next(iter(results), None)


def _remedy(loaded: LoadedTask) -> str:
    """Say what helps where a task cannot be analysed: all of it, or to mend it."""
    graph, request = loaded.graph, whole_task(loaded.task) or whole_dag(loaded.task)
    if request and (graph.task.is_summary or not graph.reported_sides):
        return f"{request} gives the whole of it"
    return "taskgraph check says where"


def require_tasks(
    paths: Sequence[str],
    options: ReadOptions,
    foreign: Sequence[str] = (),
    more: int = 0,
    *,
    was_found: bool,
) -> int:
    """Say which files of folders hold no task, and if none does; give the exit code.

    Of those there may be `more` than are given.
    """
    if foreign:
        named = listed(foreign[:NAMED], len(foreign) + more)
        complain(f"passed over, for there is no task in it: {named}")
    if was_found or not (foreign or options.task is not None):
        return EXIT_OK
    hint = "name the files that are meant"
    if options.task is not None:
        hint = _meant_task(paths, options, options.task)
    complain(f"{options.nothing_found}\n  hint: {hint}")
    return EXIT_INPUT


def _meant_task(paths: Sequence[str], options: ReadOptions, wanted: str) -> str:
    """Read once more what can be, for a task with nearly such a name."""
    files = [path for path in paths if path != "-"]
    known: set[str] = set()
    for document in read_documents(files, replace(options, task=None)):
        for one in document.tasks:
            named = {one.task.name, str(one.task.id)}
            # what is redacted has no name by which it is found
            known |= {name for name in named if name == one.task.unredacted(name)}
    near = nearest_text(wanted, known)
    if near is None:
        return "taskgraph show without --task tells those that there are"
    return f"did you mean {quoted(near)}?"


def run_report(
    files: Inputs,
    form: str,
    output: str | None,
    kind: str,
    tell: Callable[[LoadedTask, Style | None], Any],
    misfits: Callable[[], Iterable[str]] = tuple,
) -> int:
    """Report on every task of every file, and give the exit code: 1 for a broken graph.

    ``kind`` is the name of the JSON document. ``tell`` gives a part of it, or a text where
    it gets a style, as for every form but ``json``. ``misfits`` says which options fit none
    of the tasks: they are refused, unless something could not be read that they may be
    meant for.
    """
    parts: list[Any] = []
    broken: list[bool] = []
    style = None if form == "json" else text_style(output)

    def report(loaded: LoadedTask) -> None:
        broken.append(loaded.graph.is_broken)
        parts.append(tell(loaded, style))

    code, messages = each_task(files, report)
    if said := "\n".join(misfits()):
        if code < EXIT_INPUT:
            raise ConfigError(said)
        complain(said)
    if form == "json":
        from taskgraph.reports.json import document

        write(document(kind, parts, messages), output)
    elif parts or output is None:
        write("\n".join(parts), output)
    return max(code, EXIT_FINDINGS) if any(broken) else code


def write_history(result: HistoryResult, form: str | None, output: str | None) -> None:
    """Write what many documents say, in the form that is asked for or the ending says."""
    form = form or form_by_ending(output, HISTORY_FORMS)
    style = text_style(output) if form == "text" else None
    write(report_history(result, form, style), output)


def text_style(output: str | None) -> Style:
    """Give the width and the colours of text for an output."""
    from taskgraph.reports.text.console import Style

    return Style(terminal_width(), wants_color(output))
