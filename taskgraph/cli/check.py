"""``taskgraph check``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from taskgraph.api import CheckStream, stream_checks
from taskgraph.checks import AnyRun, CheckTotals
from taskgraph.cli.configuring import (
    Configuration,
    as_of_option,
    config_options,
    moment,
    on_top,
)
from taskgraph.cli.options import Inputs, files_argument
from taskgraph.cli.output import (
    EXIT_FINDINGS,
    EXIT_INPUT,
    EXIT_OK,
    Ticker,
    complain,
    wants_color,
    write,
)
from taskgraph.config import FAIL_ON, Config
from taskgraph.errors import ConfigError
from taskgraph.reports.check_formats import CHECK_FORMATS, check_streamer, is_streamed

__all__ = ["command"]


def _selectors(_ctx: object, _param: object, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name)


@click.command("check")
@files_argument
@click.option(
    "-f", "--format", "form", type=click.Choice(CHECK_FORMATS), default="text",
    show_default=True, help="The form of the findings.",
)  # fmt: skip
@click.option(
    "-o", "--output", "outputs", multiple=True, metavar="[FORMAT=]FILE",
    help="Write there instead of to standard output, in another form if it is named; "
    "may be repeated, - is standard output.",
)  # fmt: skip
@click.option(
    "--select", multiple=True, callback=_selectors, metavar="RULES",
    help="Use these rules only: codes, beginnings of codes, names, or all.",
)  # fmt: skip
@click.option(
    "--ignore", multiple=True, callback=_selectors, metavar="RULES",
    help="Do not use these rules.",
)  # fmt: skip
@click.option(
    "--fail-on", type=click.Choice(FAIL_ON),
    help="The severity from which on the exit code is 1.  [default: error]",
)  # fmt: skip
@click.option(
    "--baseline", metavar="FILE", help="Leave out the findings that this baseline accepts."
)
@click.option(
    "--write-baseline", metavar="FILE",
    help="Accept all findings of this run: write them as a baseline, and end with 0.",
)  # fmt: skip
@click.option(
    "--max-findings", type=click.IntRange(min=0), metavar="N",
    help="Write at most so many findings; the exit code counts all.",
)  # fmt: skip
@click.option("--statistics", is_flag=True, help="Say how often each rule fired.")
@click.option("-q", "--quiet", is_flag=True, help="Write text only if there are findings.")
@click.option(
    "-j", "--jobs", type=click.IntRange(min=1), metavar="N",
    help="How many processes check; by default one for each core if files are many.",
)  # fmt: skip
@as_of_option
@config_options
def command(
    files: Inputs,
    form: str,
    outputs: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str | None,
    baseline: str | None,
    write_baseline: str | None,
    max_findings: int | None,
    statistics: bool,
    quiet: bool,
    jobs: int | None,
    as_of: str | None,
    config_file: str | None,
    isolated: bool,
) -> None:
    """Check tasks against the rules; taskgraph rules lists them.

    \b
    Examples:
      taskgraph check samples/obproxy_stop.json
      taskgraph check tasks/ --fail-on warning --output sarif=out.sarif --output github=-
      taskgraph check response.json --select TG1 --ignore redundant-edge
    """
    targets = [_target(output, form) for output in outputs] or [(form, None)]
    rules: dict[str, Any] = {"select": select, "as_of": moment(as_of)}
    change = partial(_on_top, rules=rules, ignore=ignore, fail_on=fail_on)
    configuration = Configuration(config_file, isolated, change)
    accepted = None if baseline is None else _read_baseline(baseline)
    with Ticker("files checked") as ticker:
        stream = stream_checks(
            files.paths, configuration.for_file, options=files.options, jobs=jobs,
            baseline=accepted, most=max_findings, each=ticker.tick,
        )  # fmt: skip
        if write_baseline is not None:
            _write_baseline(stream, write_baseline)
        else:
            _write_findings(stream, targets, ticker, quiet=quiet)
    for error in stream.unreadable:
        complain(str(error))
    for entry in stream.stale:
        named = " ".join(filter(None, [entry.code, entry.task, *entry.subtasks]))
        complain(f"{baseline}: no finding any more, remove it: {named}")
    code = EXIT_INPUT if stream.unreadable else EXIT_OK
    if write_baseline is not None:
        sys.exit(code)
    if stream.left_out:
        most = f"--max-findings {max_findings}"
        complain(f"{stream.left_out:,} more findings are not shown ({most})")
    if statistics:
        machine = any(kind != "text" and target in (None, "-") for kind, target in targets)
        (complain if machine else _say)(_statistics(stream.totals))
    sys.exit(max(code, EXIT_FINDINGS if stream.failed else EXIT_OK))


def _on_top(
    config: Config, rules: dict[str, Any], ignore: tuple[str, ...], fail_on: str | None
) -> Config:
    """Put the command line's options on top of a configuration."""
    ignored = (*config.check.ignore, *ignore)
    return on_top(config, rules | {"ignore": ignored}, fail_on=fail_on)


def _target(output: str, form: str) -> tuple[str, str | None]:
    """Tell the form and the file of an output: ``FORMAT=FILE``, or a file alone."""
    named, equals, path = output.partition("=")
    if equals and named in CHECK_FORMATS:
        return named, path
    if equals and named.isalpha():
        known = ", ".join(CHECK_FORMATS)
        raise ConfigError(f"--output {output}: there is no form {named}, but {known}")
    return form, output


def _read_baseline(path: str) -> Any:
    from taskgraph.checks.baseline import parse_baseline

    try:
        return parse_baseline(Path(path).read_text("utf-8"), path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(
            f"{path}: is no UTF-8 text: --write-baseline writes one"
        ) from None


def _write_baseline(stream: CheckStream, path: str) -> None:
    from taskgraph.checks.baseline import render_baseline

    write(render_baseline(stream.results), path)


def _write_findings(
    stream: CheckStream,
    targets: list[tuple[str, str | None]],
    ticker: Ticker,
    *,
    quiet: bool,
) -> None:
    """Write the findings, as they come where one form is wanted that can be so written."""
    run: AnyRun = stream
    if len(targets) > 1 or not is_streamed(targets[0][0]):
        run = stream.collect()
    for kind, path in targets:
        written: Iterable[str]
        if kind == "text":
            from taskgraph.reports.check_text import ansi, plain, stream_check_text

            style = ansi if wants_color(path) else plain
            written = stream_check_text(run, style=style, quiet=quiet)
        else:
            written = check_streamer(kind)(run)
        write(_hiding(ticker, written), path)


def _hiding(ticker: Ticker, pieces: Iterable[str]) -> Iterator[str]:
    """Take the ticker's line away from before each piece."""
    for piece in pieces:
        ticker.hide()
        yield piece


def _say(text: str) -> None:
    write(text, None)


def _statistics(totals: CheckTotals) -> str:
    rows = sorted(totals.rules.items(), key=lambda row: (-row[1], row[0]))
    return "".join(f"{n:6}  {code}  {kind:7}  {name}\n" for (code, name, kind), n in rows)
