"""``taskgraph check``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click

from taskgraph.api import CheckStream, stream_checks
from taskgraph.checks.result import AnyRun, CheckRun, CheckTotals
from taskgraph.cli.options import (
    Choice,
    Inputs,
    complete_rules,
    files_argument,
    past_options,
)
from taskgraph.cli.output import (
    EXIT_FINDINGS,
    EXIT_INPUT,
    EXIT_OK,
    ReaderGoneError,
    Ticker,
    complain,
    wants_color,
    write,
)
from taskgraph.cli.tasks import require_tasks
from taskgraph.errors import ConfigError, UncheckedError
from taskgraph.model.words import counted, plural
from taskgraph.reports.check_formats import (
    CHECK_FORMATS,
    ansi,
    check_format_of,
    check_streamer,
    is_of_repository,
    is_streamed,
    plain,
    stream_check_text,
    unshown,
)
from taskgraph.settings import FAIL_ON
from taskgraph.sources.limits import ReadOptions


def _selectors(_ctx: object, _param: object, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name)


@click.command("check")
@files_argument
@click.option(
    "-f", "--format", "form", type=Choice(CHECK_FORMATS),
    help="The form of the findings.  [default: by the ending of --output, else text]",
)  # fmt: skip
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="[FORMAT=]FILE",
    help="Write there instead of to standard output, in the form that is named, that of "
    "--format, or the one that the ending says; may be repeated, - is standard output.",
)  # fmt: skip
@click.option(
    "--select", multiple=True, callback=_selectors, metavar="RULES",
    shell_complete=complete_rules,
    help="Use these rules only, instead of select, extend-select and ignore of the "
    "configuration: codes, beginnings of codes, names, or all.",
)  # fmt: skip
@click.option(
    "--ignore", "also_ignored", multiple=True, callback=_selectors, metavar="RULES",
    shell_complete=complete_rules,
    help="Do not use these rules.",
)  # fmt: skip
@past_options
@click.option(
    "--fail-on", type=Choice(FAIL_ON),
    help="The severity from which on the exit code is 1.  [default: error]",
)  # fmt: skip
@click.option(
    "--baseline", metavar="FILE", type=click.Path(),
    help="Leave out the findings that this baseline accepts.",
)  # fmt: skip
@click.option(
    "--write-baseline", metavar="FILE", type=click.Path(),
    help="Accept all findings of this run: write them as a baseline, and end with 0. "
    "Findings are written too only where --output says so.",
)  # fmt: skip
@click.option(
    "--max-findings", type=click.IntRange(min=0), metavar="N",
    help="Write at most so many findings; all are counted, also in the exit code.",
)  # fmt: skip
@click.option("--statistics", is_flag=True, help="Say how often each rule fired.")
@click.option("-q", "--quiet", is_flag=True, help="Write findings only, in text.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Say which rules were skipped, and why."
)
@click.option(
    "-j", "--jobs", type=click.IntRange(min=1), metavar="N",
    help="How many processes check; by default one for each core if files are many.",
)  # fmt: skip
def command(
    files: Inputs,
    form: str | None,
    outputs: tuple[str, ...],
    baseline: str | None,
    write_baseline: str | None,
    max_findings: int | None,
    statistics: bool,
    quiet: bool,
    verbose: bool,
    jobs: int | None,
    **settings: Any,
) -> None:
    """Check tasks against the rules; taskgraph rules lists them.

    \b
    Examples:
      taskgraph check samples/obproxy_stop.json
      taskgraph check tasks/ --fail-on warning --output sarif=out.sarif --output github=-
      taskgraph check response.json --select TG1 --ignore redundant-edge
      taskgraph check tasks/ --runs runs/ --attempts-seen
    """
    targets = [_target(output, form) for output in outputs]
    _require_apart(*(path for _, path in targets), write_baseline)
    inputs = files.on_top(**settings)
    accepted = None if baseline is None else _read_baseline(baseline)
    with Ticker("files checked") as ticker:
        stream = stream_checks(
            inputs.paths, inputs.resolver, options=inputs.options, jobs=jobs,
            # a baseline that is written anew keeps what it accepted and still is found
            baseline=accepted if write_baseline is None else None,
            most=max_findings, each=ticker.tick,
            leave_out=[baseline, write_baseline, *(path for _, path in targets)],
        )  # fmt: skip
        if write_baseline is None:
            targets = targets or [(form or "text", None)]
            _write_findings(stream, targets, ticker, quiet=quiet, verbose=verbose)
        else:
            _write_baseline(stream, write_baseline, targets, inputs.options)
    _complain(stream, baseline, max_findings)
    if statistics:
        machine = any(kind != "text" and target in (None, "-") for kind, target in targets)
        counts = _statistics(stream.totals)
        if machine:
            complain(counts)
        else:
            write(counts, None)
    code = EXIT_INPUT if stream.unreadable else EXIT_OK
    was_found = bool(stream.totals.tasks or code)
    foreign = tuple(dict.fromkeys(stream.foreign))  # a file may be named twice
    missing = require_tasks(inputs.paths, inputs.options, foreign, was_found=was_found)
    is_failure = stream.failed and write_baseline is None
    sys.exit(max(code, missing, EXIT_FINDINGS if is_failure else EXIT_OK))


def _complain(stream: CheckStream, baseline: str | None, most: int | None) -> None:
    """Say what the findings do not: what was not read, and what was left out."""
    for note in stream.notes:
        complain(note)
    for error in stream.unreadable:
        if not isinstance(error, UncheckedError):
            complain(str(error))
    for message, count in stream.misconfigured.items():
        documents = f"{counted(count, 'document')} {plural(count, 'is', 'are')}"
        complain(f"{message}\n  {documents} not checked")
    for message in stream.unused.messages():
        complain(message)
    for entry in stream.stale:
        named = " ".join(filter(None, [entry.code, entry.task, *entry.subtasks]))
        complain(f"{baseline}: no finding any more, remove it: {named}")
    if stream.left_out:
        complain(f"{unshown(stream.left_out)} (--max-findings {most})")


def _target(output: str, form: str | None) -> tuple[str, str | None]:
    """Tell the form and the file of an output: ``FORMAT=FILE``, or a file alone."""
    named, equals, path = output.partition("=")
    if equals and named in CHECK_FORMATS:
        if not path:
            raise ConfigError(f"--output {output}: names no file; - is standard output")
        return named, path
    if equals and named.isalpha():
        known = ", ".join(CHECK_FORMATS)
        raise ConfigError(f"--output {output}: there is no form {named}, but {known}")
    return form or check_format_of(output) or "text", output


def _require_apart(*paths: str | None) -> None:
    """Refuse to write to one place twice: a file keeps the last, a stream mixes them."""
    standard = [path for path in paths if path in ("-", "/dev/stdout")]
    if len(standard) > 1:
        raise ConfigError(
            "standard output would be written twice: give all but one of --output a file"
        )
    places = [os.path.realpath(path) for path in paths if path and path not in standard]
    for place in places:
        if places.count(place) > 1 and not place.startswith("/dev/"):
            raise ConfigError(f"{place}: would be written twice")


def _read_baseline(path: str) -> Any:
    from taskgraph.checks.baseline import parse_baseline
    from taskgraph.sources.opening import read_text

    return parse_baseline(read_text(path), path)


def _write_baseline(
    stream: CheckStream,
    path: str,
    targets: list[tuple[str, str | None]],
    options: ReadOptions,
) -> None:
    from taskgraph.checks.baseline import render_baseline

    run = stream.collect()
    if run.results or not run.unreadable:  # or what is accepted would be lost
        write(render_baseline(run.results, redacted=options.redact), path)
    else:
        complain(f"{path}: is not written: nothing was checked")
    for kind, target in targets:
        write(check_streamer(kind)(_named_for(kind, run)), target)


def _write_findings(
    stream: CheckStream,
    targets: list[tuple[str, str | None]],
    ticker: Ticker,
    *,
    quiet: bool,
    verbose: bool,
) -> None:
    """Write the findings, as they come where one form is wanted that can be so written.

    What cannot be written does not keep the others from being written.
    """
    run: AnyRun = stream
    if len(targets) > 1 or not is_streamed(targets[0][0]):
        run = stream.collect()
    faults: list[ConfigError | ReaderGoneError] = []
    for kind, path in targets:
        written: Iterable[str]
        if kind == "text":
            style = ansi if wants_color(path) else plain
            written = stream_check_text(run, style=style, quiet=quiet, verbose=verbose)
        else:
            written = check_streamer(kind)(_named_for(kind, run))
        try:
            write(_hiding(ticker, written), path)
        except (ConfigError, ReaderGoneError) as fault:
            faults.append(fault)
    if faults:
        raise faults[0]


def _named_for(kind: str, run: AnyRun) -> AnyRun:
    """Name files as who reads a form looks for them: from their repository's root on."""
    if not (is_of_repository(kind) and isinstance(run, CheckRun)):
        return run
    here = Path.cwd()

    @cache
    def root(folder: Path) -> Path | None:
        above = (folder, *folder.parents)
        return next((path for path in above if (path / ".git").exists()), None)

    def name(file: str) -> str:
        path = Path(os.path.normpath(here / file))
        base = root(path.parent) or here
        if file.startswith("<") or not path.is_relative_to(base):
            return file
        return os.path.relpath(path, base)

    return run.with_files(name)


def _hiding(ticker: Ticker, pieces: Iterable[str]) -> Iterator[str]:
    """Take the ticker's line away from before each piece."""
    for piece in pieces:
        ticker.hide()
        yield piece


def _statistics(totals: CheckTotals) -> str:
    rows = sorted(totals.rules.items(), key=lambda row: (-row[1], row[0]))
    width = max((6, *(len(counted(count)) for count in totals.rules.values())))
    return "".join(
        f"{counted(n):>{width}}  {code}  {kind:7}  {name}\n"
        for (code, name, kind), n in rows
    )
