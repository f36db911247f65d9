"""Where results are written, and what they are never written over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from taskgraph.cli.main import cli
from taskgraph.cli.output import NAMES_OF_FILES, NAMES_OF_INPUTS
from tests.conftest import RunCli

STOP = "obproxy_stop.json"
OVERWRITTEN = "would be overwritten"


@pytest.fixture
def folder(samples: Path, tmp_path: Path) -> Path:
    """Two documents that nobody else reads."""
    folder = tmp_path / "tasks"
    folder.mkdir()
    for name in ("a.json", "b.json"):
        (folder / name).write_bytes((samples / STOP).read_bytes())
    return folder


WRITING = (
    "show {a} -f json -o {a}",
    "show {tasks} -f json -o {a}",
    "show {tasks}/*.json -f json -o {a}",
    "show {link} -o {a}",
    "show {a} -o {link}",
    "show --config {toml} {a} -o {toml}",
    "show {a} -o {own}",
    "budget {a} -o {a}",
    "explain {a} -o {a}",
    "critical-path {a} -o {a}",
    "render {a} -f svg -o {a}",
    "report {a} --format html -o {a}",
    "check {a} -o sarif={a}",
    "check {tasks} -o sarif={a}",
    "check {a} --write-baseline {a}",
    "check {tasks} --write-baseline {a}",
    "check {a} --baseline {base} -o {base}",
    "diff {a} {b} -o {a}",
    "diff {a} {b} -o {b}",
    "diff {tasks} {tasks} -f json -o {b}",
    "show {diagnosis} -o {log}",
    "show {diagnosis} -o {link_of_log}",
    "show {diagnosis} -o {name_of_log}",
    "critical-path {a} --durations {durations} -o {durations}",
    "check {tasks} -o json={cut}",
    "check {tasks} --write-baseline {cut}",
)


@pytest.mark.parametrize("line", WRITING)
def test_nothing_is_written_over_what_is_read(
    line: str, folder: Path, tmp_path: Path, run_cli: RunCli
) -> None:
    names = {"tasks": folder, "a": folder / "a.json", "b": folder / "b.json"}
    for name, file in (("toml", "named.toml"), ("own", "tasks/taskgraph.toml")):
        names[name] = tmp_path / file
        names[name].write_text('grace = "12s"\n')
    names["link"] = tmp_path / "link.json"
    names["link"].symlink_to(names["a"])
    names["diagnosis"] = tmp_path / "diagnosis"
    names["diagnosis"].mkdir()
    (names["diagnosis"] / "task_info.txt").write_text(
        "Subtask: 1, State: FAILED, Dependencies: []\n"
    )
    names["log"] = names["diagnosis"] / "subtask_1_1.log"
    names["log"].write_text("it failed\n")
    for name in ("link_of_log", "name_of_log"):
        names[name] = tmp_path / f"{name}.txt"
    names["link_of_log"].symlink_to(names["log"])
    names["name_of_log"].hardlink_to(names["log"])
    names["durations"] = tmp_path / "durations.json"
    names["durations"].write_text('{"13175721": 600}')
    names["cut"] = folder / "cut.json"  # which somebody has to mend yet
    names["cut"].write_bytes(names["a"].read_bytes()[:900])
    names["base"] = tmp_path / "base.json"
    if "{base}" in line:
        run_cli("check", names["a"], "--write-baseline", names["base"])
    before = {name: path.read_bytes() for name, path in names.items() if path.is_file()}
    done = run_cli(*line.format(**names).split())
    assert done.returncode == 2, done
    assert OVERWRITTEN in done.stderr
    assert before == {n: path.read_bytes() for n, path in names.items() if path.is_file()}


@pytest.mark.uncovered
def test_what_standard_input_reads_is_not_written_over(folder: Path, root: Path) -> None:
    path = folder / "a.json"
    line = f"{sys.executable} -m taskgraph show - -o {path} < {path}"
    done = subprocess.run(["sh", "-c", line], cwd=root, capture_output=True, check=False)
    assert done.returncode == 2
    assert OVERWRITTEN in done.stderr.decode()


@pytest.mark.uncovered
@pytest.mark.skipif(sys.platform == "win32", reason="files are not opened so there")
@pytest.mark.parametrize("given", ["{path}", "- < {path}", "{path} {path}"])
def test_nothing_is_added_to_what_is_read(given: str, folder: Path, root: Path) -> None:
    path = folder / "a.json"
    before = path.read_bytes()
    line = f"{sys.executable} -m taskgraph show {given.format(path=path)} >> {path}"
    done = subprocess.run(["sh", "-c", line], cwd=root, capture_output=True, check=False)
    assert (done.returncode, path.read_bytes()) == (2, before)
    assert "is read too" in done.stderr.decode()


def test_one_file_is_not_written_twice(folder: Path, run_cli: RunCli) -> None:
    twice = ("-o", f"json={folder}/x", "-o", f"sarif={folder}/../tasks/x")
    base = ("--baseline", folder / "x", "--write-baseline", folder / "x")
    assert run_cli("check", folder, "--write-baseline", folder / "x").returncode == 0
    before = (folder / "x").read_bytes()
    for options in (twice, (*base, "-o", f"json={folder}/x")):
        done = run_cli("check", folder, *options)
        assert (done.returncode, (folder / "x").read_bytes()) == (2, before)
        assert "written twice" in done.stderr
    spelled = ("--baseline", f"{folder}/../tasks/x", "--write-baseline", folder / "x")
    assert run_cli("check", folder, *spelled).returncode == 0
    for line in ("-o json=- -o text=-", "-o - -o text=/dev/stdout", "{base} - -o text=-"):
        given = line.format(base="--write-baseline").split()
        done = run_cli("check", folder, *given)
        assert (done.returncode, done.stdout) == (2, "")
        assert "standard output would be written twice" in done.stderr
    assert run_cli("check", folder, "-o", "text=-", "-o", "json=/dev/null").stdout
    nowhere = ("-o", "json=/dev/null", "-o", "text=/dev/null")
    assert run_cli("check", folder, *nowhere).returncode == 0


def test_a_link_to_itself_is_no_place_to_write(folder: Path, run_cli: RunCli) -> None:
    (folder / "round").symlink_to("round")
    done = run_cli("show", folder / "a.json", "-o", folder / "round")
    assert (done.returncode, done.stdout) == (2, "")
    assert "round: cannot be written" in done.stderr


def test_a_file_to_write_has_a_name(folder: Path, run_cli: RunCli) -> None:
    for command in ("show", "check", "report"):
        done = run_cli(command, folder / "a.json", "-o", "")
        assert done.returncode == 2
        assert "no name" in done.stderr


def test_an_output_may_lie_beside_what_is_read_and_be_written_again(
    folder: Path, run_cli: RunCli
) -> None:
    base = folder / "base.json"
    for _ in range(2):
        assert run_cli("check", folder, "--write-baseline", base).returncode == 0
        renewed = run_cli("check", folder, "--baseline", base, "--write-baseline", base)
        assert renewed.returncode == 0, renewed.stderr
        assert run_cli("report", folder / "a.json", "-o", folder / "a.html").returncode == 0
    base.unlink()
    for name in ("json=out.json", "sarif=out.json", "gitlab=out.json", "jsonl=out.jsonl"):
        form, _, file = name.partition("=")
        for _ in range(2):
            done = run_cli("check", folder, "-o", f"{form}={folder / file}")
            assert (done.returncode, done.stderr) == (0, ""), form
        (folder / file).unlink()


def test_every_argument_that_names_documents_is_known_to_the_writer() -> None:
    """An argument of a new command belongs into one of the two sets."""
    others = {"paths", "names", "name", "folder"}  # collected, rules, a schema, init
    context = click.Context(cli)
    groups: list[click.Group] = [cli]
    found, files = set(), set()
    for group in groups:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            if isinstance(command, click.Group):
                groups.append(command)
            elif command is not None:
                found |= {p.name for p in command.params if isinstance(p, click.Argument)}
                files |= {p.name for p in command.params if "FILE" in (p.metavar or "")}
    assert found == NAMES_OF_INPUTS | others
    written = {"output", "outputs", "write_baseline"}
    assert files - found == NAMES_OF_FILES | written


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="needs /dev/fd")
def test_outputs_that_are_no_ordinary_file(root: Path, tmp_path: Path) -> None:
    command = f"{sys.executable} -m taskgraph show samples/{STOP}"
    long = tmp_path / ("x" * 250 + ".txt")
    added, link = tmp_path / "added", tmp_path / "link"
    link.symlink_to("/dev/stdout")
    shown = f"grep -q before {added} && cat {added}"
    lines = (
        f"{command} -o /dev/stdout",
        f"{command} -o /dev/stdout | cat",
        f"{command} -o /dev/stdout > {tmp_path}/out; cat {tmp_path}/out",
        f"{command} -o >(cat); wait $!; sleep 0.3",
        f"mkfifo {tmp_path}/fifo; cat {tmp_path}/fifo & {command} -o {tmp_path}/fifo; wait",
        f"{command} -o {long} && cat {long}",
        f"{command} -o /dev/fd/3 3>&1",
        f"echo before > {added}; {command} -o /dev/fd/1 >> {added}; {shown}",
        f"echo before > {added}; {command} -o /dev/stderr 2>> {added}; {shown}",
        f"echo before > {added}; {command} -o {link} >> {added}; {shown}",
    )
    for line in lines:
        done = subprocess.run(
            ["bash", "-c", line], cwd=root, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), line
        assert "Stop obproxy" in done.stdout, line
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
