"""``taskgraph diff``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import click

from taskgraph.api import compare_paths
from taskgraph.cli.options import (
    Choice,
    Resolver,
    config_options,
    form_by_ending,
    output_option,
    task_option,
)
from taskgraph.cli.output import EXIT_FINDINGS, EXIT_INPUT, EXIT_OK, complain, write
from taskgraph.cli.tasks import require_tasks
from taskgraph.config import UnusedPatterns
from taskgraph.reports.comparison import Pair, diff_json, diff_markdown, diff_svg, diff_text
from taskgraph.sources.limits import ReadOptions

_FORMS = ("text", "json", "markdown", "html", "svg")


@click.command("diff")
@click.argument("before", type=click.Path())
@click.argument("after", type=click.Path())
@click.option(
    "-f", "--format", "form", type=Choice(_FORMS),
    help="The form of the output; by default what the ending of --output says, else text.",
)  # fmt: skip
@output_option
@click.option(
    "--fail-on", type=Choice(["structure", "budget", "any", "never"]),
    default="never", show_default=True,
    help="Which kind of change makes the exit code 1: structure is another definition, by "
    "its subtasks, edges, names or timeouts for example, and not what a run adds; budget "
    "is growth of a worst case, and a bound that is lost.",
)  # fmt: skip
@click.option(
    "--redact", is_flag=True,
    help="Mask hosts, people and the like, not only secrets; what is compared stays.",
)  # fmt: skip
@task_option
@config_options
def command(
    before: str,
    after: str,
    form: str | None,
    output: str | None,
    fail_on: str,
    redact: bool,
    task: str | None,
    config_file: str | None,
    isolated: bool,
) -> None:
    """Tell what changed between two documents, or between two folders of them.

    Subtasks are matched by id, else by name, place in their split and neighbourhood. The
    change of the budget is attributed to the subtasks that cause it. The documents of two
    folders are matched by their path, and a task that was moved by its name.

    \b
    Examples:
      taskgraph diff yesterday.json today.json
      taskgraph diff main/tasks branch/tasks --format markdown --fail-on budget
      taskgraph diff main/tasks branch/tasks -o changes.html
    """
    form = form or form_by_ending(output, _FORMS)
    unused, notes = UnusedPatterns(), list[str]()
    resolver = Resolver(config_file, isolated)
    pairs, errors = compare_paths(
        before, after, resolver, redact=redact, task=task, unused=unused, notes=notes
    )
    for message in (*notes, *map(str, errors), *unused.messages()):
        complain(message)
    if pairs or not (errors or task):
        write(_report(pairs, [str(error) for error in errors], form), output)
    code = EXIT_INPUT if errors else EXIT_OK
    was_found = bool(pairs or errors)
    sides = before, after
    missing = require_tasks(sides, ReadOptions(task=task), was_found=was_found)
    failed = any(_fails(pair, fail_on) for pair in pairs)
    sys.exit(max(code, missing, EXIT_FINDINGS if failed else EXIT_OK))


def _fails(pair: Pair, fail_on: str) -> bool:
    if fail_on == "never":
        return False
    if pair.comparison is None:  # only one side has the task: no worst case of it grew
        return fail_on != "budget"
    if fail_on == "structure":
        return pair.comparison.is_structure_changed
    if fail_on == "budget":
        return pair.comparison.verdict == "worse"
    return pair.comparison.is_changed


def _report(pairs: Sequence[Pair], errors: list[str], form: str) -> str | Iterator[str]:
    if form == "json":
        from taskgraph.reports.json import document

        return document("diff", [diff_json(pair) for pair in pairs], errors)
    if form == "html":
        from taskgraph.reports.html.page import changes_html

        return changes_html(pairs, errors)
    if form == "markdown":
        return diff_markdown(pairs, errors)
    return {"svg": diff_svg, "text": diff_text}[form](pairs)
