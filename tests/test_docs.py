"""The docs do what they say, and the site builds."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click
import pytest

import taskgraph
from taskgraph.api import loads
from taskgraph.cli.main import cli
from taskgraph.cli.reference import commands_markdown
from tests.conftest import RunCli
from tests.diagrams.browser import Watch, launch

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage

DOCS = sorted((Path(__file__).resolve().parent.parent / "docs").rglob("*.md"))


def blocks(path: Path, language: str) -> list[str]:
    """Give the code blocks of a page in one language."""
    text = path.read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_reference_of_the_commands_is_theirs(root: Path) -> None:
    how = "run: python -m taskgraph.cli.reference > docs/commands.md"
    assert (root / "docs" / "commands.md").read_text("utf-8") == commands_markdown(), how


def command_lines() -> list[str]:
    """Give every command that the guides tell to run, and every example of a command."""
    found = []
    for path in DOCS:
        for block in [*blocks(path, "sh"), *blocks(path, "")]:
            found += [line for line in block.splitlines() if line.startswith("taskgraph ")]
    return [line for line in found if "[OPTIONS]" not in line and "COMMAND" not in line]


@pytest.mark.parametrize("line", sorted(set(command_lines())))
def test_every_command_line_is_one(line: str) -> None:
    """It is parsed, not run: its files need not exist."""
    _, *arguments = shlex.split(line)
    context = click.Context(cli, info_name="taskgraph")
    while isinstance(context.command, click.Group):
        name, *arguments = arguments
        found = context.command.get_command(context, name)
        assert found is not None, name
        if isinstance(found, click.Group):
            context = click.Context(found, context, name)
        else:
            context = found.make_context(name, arguments, parent=context)
    assert context.params


def test_the_python_runs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    programs = [block for path in DOCS for block in blocks(path, "python")]
    assert programs
    for program in programs:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(program, "docs", "exec"), {})  # noqa: S102 - our own text


_DOCUMENTED = re.compile(r"^::: (\S+)\n((?:    .*\n)*)", re.MULTILINE)


def test_what_is_public_is_documented_and_has_a_name_of_its_own(root: Path) -> None:
    documented: list[Any] = []
    for page in (root / "docs" / "api").glob("*.md"):
        for home, options in _DOCUMENTED.findall(page.read_text("utf-8")):
            module = import_module(home)
            chosen = re.search(r"members: \[(.*)\]", options)
            names = chosen[1].split(", ") if chosen else vars(module)
            documented += [getattr(module, name) for name in names]
    for face in (taskgraph, taskgraph.history):
        offered = {name: getattr(face, name) for name in face.__all__}
        functions = {name for name, one in offered.items() if isfunction(one)}
        assert functions
        assert {name for name in functions if offered[name] not in documented} == set()
    assert not {*taskgraph.__all__} & {*taskgraph.history.__all__}


def test_console_sessions_print_what_they_show(run_cli: RunCli) -> None:
    sessions = [block for path in DOCS for block in blocks(path, "console")]
    assert sessions
    for session in sessions:
        line, _, output = session.removeprefix("$ ").partition("\n")
        program, *arguments = shlex.split(line)
        assert program == "taskgraph"
        assert run_cli(*arguments).stdout == output, line


def test_the_definitions_are_some(root: Path) -> None:
    (example,) = blocks(root / "docs" / "author.md", "yaml")
    loaded = loads(example, name="example.task.yaml")
    assert loaded.task.is_definition
    assert loaded.graph.is_sound


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Build the site, without a warning."""
    folder = tmp_path / "site"
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", folder],
        cwd=Path(__file__).resolve().parent.parent,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return folder


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, and does not write down that it did."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.slow
@pytest.mark.uncovered
def test_the_site_has_the_docstrings_and_no_page_complains_or_loads_from_elsewhere(
    site: Path,
) -> None:
    api = (site / "api" / "index.html").read_text("utf-8")
    assert "Load the task of a saved document" in api
    errors: list[str] = []
    handler = partial(Quiet, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, launch() as browser:
        Thread(target=server.serve_forever, daemon=True).start()
        own = f"http://127.0.0.1:{server.server_port}/"
        page = browser.new_page()
        watch = Watch(page)
        page.on(
            "console", lambda said: errors.append(said.text) if is_error(said) else None
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        for path in sorted(site.rglob("*.html")):
            page.goto(own + path.relative_to(site).as_posix())
        page.goto(own + "operator.html")
        assert page.locator("pre span.gp").count() > 0  # prompts are told from output
        page.goto("about:blank")
        server.shutdown()
    assert errors == []
    assert [url for url in watch.requests if not url.startswith(own)] == []


def is_error(message: ConsoleMessage) -> bool:
    """Tell a complaint from what a script says of its progress."""
    return message.type == "error"
