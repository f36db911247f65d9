"""``taskgraph check`` as a process: several outputs, baselines, configurations, ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from taskgraph.cli.main import cli
from taskgraph.reports.check_formats import CHECK_FORMATS
from tests.conftest import RunCli


@pytest.fixture
def broken(samples: Path) -> str:
    """A document with a subtask that has no timeout."""
    return str(samples / "rules" / "TG401.json")


def test_the_ending_of_an_output_says_its_form(
    run_cli: RunCli, broken: str, tmp_path: Path
) -> None:
    names = ("a.sarif", "a.json", "a.jsonl", "a.xml", "a.md", "a.txt")
    outputs = [str(tmp_path / name) for name in names]
    run_cli("check", broken, *(part for file in outputs for part in ("-o", file)))
    sarif, whole, lines, junit, page, text = (Path(f).read_text("utf-8") for f in outputs)
    assert json.loads(sarif)["version"] == "2.1.0"
    assert json.loads(whole)["format"] == "taskgraph/check"
    assert json.loads(lines.splitlines()[-1])["kind"] == "summary"
    assert ET.fromstring(junit.encode()).tag == "testsuites"
    assert page.startswith("## taskgraph check")
    assert "TG401" in text
    assert run_cli("check", broken, "-f", "text", "-o", outputs[0]).returncode == 0
    assert Path(outputs[0]).read_text() == text


def test_an_output_that_cannot_be_written_keeps_none_of_the_others(
    run_cli: RunCli, broken: str, tmp_path: Path
) -> None:
    good = tmp_path / "good.sarif"
    done = run_cli("check", broken, "--output", "sarif=/nowhere/x", "-o", str(good),
                   "--output", "github=-")  # fmt: skip
    assert done.returncode == 2
    assert "/nowhere/x: cannot be written" in done.stderr
    assert json.loads(good.read_text())["runs"]
    assert "::warning" in done.stdout


def test_what_is_no_task_in_a_folder_is_passed_over(
    run_cli: RunCli, samples: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_bytes((samples / "rules" / "TG401.json").read_bytes())
    (tmp_path / "package.json").write_text('{"name": "x", "version": "1"}')
    names = {"json": "a", "sarif": "b", "gitlab": "quality", "jsonl": "c"}
    files = [f"{form}={tmp_path}/{name}.found.json" for form, name in names.items()]
    run_cli("check", tmp_path, *(part for file in files for part in ("-o", file)))
    (tmp_path / "c.found.json").rename(tmp_path / "c.jsonl")
    run_cli("check", tmp_path, "--write-baseline", tmp_path / "baseline.json")
    schema = tmp_path / "definition.schema.json"
    run_cli("schema", "definition", "-o", schema)
    done = run_cli("check", tmp_path, "-f", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["files"] == 1
    assert done.stderr.count("\n") == 1
    assert "passed over" in done.stderr
    assert "and 2 more" in done.stderr
    named = [path for path in tmp_path.iterdir() if path.name != "a.json"]
    assert len(named) == 7
    for path in named:
        assert run_cli("check", path).returncode == 2
    (tmp_path / "a.json").unlink()
    for command in ("check", "show"):
        done = run_cli(command, tmp_path)
        assert done.returncode == 2
        assert "no document holds a task" in done.stderr


def test_lines_without_a_task_are_passed_over_in_a_folder_and_told_of(
    run_cli: RunCli, samples: Path, tmp_path: Path
) -> None:
    task = (samples / "obproxy_stop.json").read_bytes().replace(b"\n", b" ")
    log = b'{"level": 30, "msg": "started"}'
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([log, task, log, task]))
    (tmp_path / "b.jsonl").write_bytes(b"\n".join([log, log]))
    done = run_cli("check", tmp_path)
    assert done.returncode == 0
    assert "2 tasks in 1 file" in done.stdout
    for told in (
        "a.jsonl: passed over 2 lines",
        "passed over, for there is no task in it:",
    ):
        assert done.stderr.count(told) == 1
    assert done.stderr.splitlines()[-1].endswith("b.jsonl")


def test_a_list_of_nothing_in_a_folder_is_no_silent_pass(
    run_cli: RunCli, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_bytes(b"[]")
    done = run_cli("check", tmp_path)
    assert done.returncode == 2
    assert "a list without tasks" in done.stderr


def test_all_findings_are_counted_though_few_are_shown(
    run_cli: RunCli, samples: Path
) -> None:
    folder = str(samples / "rules")
    whole = json.loads(run_cli("check", folder, "-f", "json").stdout)["summary"]
    few = run_cli("check", folder, "-f", "json", "--max-findings", "1")
    assert json.loads(few.stdout)["summary"] == whole
    assert (
        f"{sum(whole[k] for k in ('errors', 'warnings', 'infos')) - 1} more" in few.stderr
    )
    junit = run_cli("check", folder, "-f", "junit", "--max-findings", "0").stdout
    root = ET.fromstring(junit.encode())
    with_errors = [s for s in root if s.findall("testcase/failure")]
    assert int(root.get("failures", "")) == len(with_errors) > 5


def test_a_baseline_is_written_anew_over_itself(
    run_cli: RunCli, samples: Path, tmp_path: Path
) -> None:
    baseline = tmp_path / "b.json"
    (tmp_path / "task.json").write_bytes((samples / "obproxy_stop.json").read_bytes())
    args = ("check", str(tmp_path), "--write-baseline", str(baseline))
    assert run_cli(*args).returncode == 0
    before = baseline.read_text()
    assert json.loads(before)["findings"]
    sarif = tmp_path / "out.sarif"
    done = run_cli(*args, "--baseline", str(baseline), "-o", str(sarif), "--statistics")
    assert (done.returncode, done.stderr) == (0, "")
    assert baseline.read_text() == before
    assert json.loads(sarif.read_text())["runs"][0]["results"]
    assert "TG503" in done.stdout
    done = run_cli("check", str(tmp_path), "--baseline", str(baseline))
    assert (done.returncode, done.stderr) == (0, "")
    assert "no findings: 1 task" in done.stdout


@pytest.mark.parametrize("flags", [(), ("--redact",)])
def test_a_baseline_says_whether_it_is_redacted_and_fits_both(
    samples: Path, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    baseline = str(tmp_path / "b.json")
    document = json.loads((samples / "obproxy_stop.json").read_text())
    text = json.dumps(document).replace("Stop obproxy", "Stop 10.1.2.3")
    given = str(tmp_path / "a.json")
    Path(given).write_text(text)
    for command in (("--write-baseline", baseline, *flags), ("--baseline", baseline),
                    ("--baseline", baseline, "--redact")):  # fmt: skip
        done = CliRunner().invoke(cli, ["check", given, *command])
        assert (done.exit_code, done.stderr) == (0, "")
    assert "no findings" in done.stdout
    assert json.loads(Path(baseline).read_text()).get("redacted", False) is bool(flags)


def test_a_wrong_configuration_keeps_no_other_folder_from_being_checked(
    run_cli: RunCli, broken: str, tmp_path: Path
) -> None:
    for name in ("good", "bad"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.json").write_bytes(Path(broken).read_bytes())
        (tmp_path / name / "b.json").write_bytes(Path(broken).read_bytes())
    wrong = tmp_path / "bad" / "taskgraph.toml"
    wrong.write_text('ignore = ["TG999"]')
    done = run_cli("check", str(tmp_path), "-f", "json")
    assert done.returncode == 2
    assert f"{wrong}: ignore: no rule is called 'TG999'" in done.stderr
    assert "2 documents are not checked" in done.stderr
    assert json.loads(done.stdout)["summary"]["tasks"] == 2
    done = run_cli("check", str(tmp_path / "bad"))
    assert done.returncode == 2
    assert done.stdout == "2 files are not checked: the configuration is wrong\n"


NOT_CHECKED = {
    "text": "1 file is not checked: the configuration is wrong\n",
    "json": '"reason": "misconfigured"',
    "jsonl": '"reason": "misconfigured"',
    "sarif": '"executionSuccessful": false',
    "junit": 'tests="1" failures="0" errors="1"',
    "github": "::error title=misconfigured,file=",
    "gitlab": '"severity": "blocker"',
    "markdown": "a.task.yaml is not checked",
}


@pytest.mark.parametrize("form", CHECK_FORMATS)
def test_every_form_names_what_is_not_checked(tmp_path: Path, form: str) -> None:
    (tmp_path / "taskgraph.toml").write_text('fail-on = "errr"', "utf-8")
    document = tmp_path / "a.task.yaml"
    document.write_text("name: x\nsubtasks: [{name: A, timeout: 5}]\n", "utf-8")
    report = tmp_path / "report"
    report.write_text("of another run", "utf-8")
    args = ["check", str(document), "-o", f"{form}={report}"]
    assert CliRunner().invoke(cli, args).exit_code == 2
    told = report.read_text("utf-8")
    assert NOT_CHECKED[form] in told
    assert form == "text" or "a.task.yaml" in told
    assert form == "text" or "fail-on must be one of" in told


@pytest.mark.parametrize(("form", "told"), [
    ("sarif", '"executionSuccessful": false'), ("junit", 'errors="1"'),
    ("text", "--task nn: no document that was read holds a task"),
])  # fmt: skip
@pytest.mark.parametrize("wanted", ["nn", ""])
def test_a_report_says_that_no_task_is_meant(
    broken: str, form: str, told: str, wanted: str
) -> None:
    done = CliRunner().invoke(cli, ["check", broken, "--task", wanted, "-f", form])
    assert done.exit_code == 2
    assert told.replace("nn", wanted) in done.stdout


def test_a_baseline_is_not_lost_where_nothing_could_be_checked(tmp_path: Path) -> None:
    (tmp_path / "taskgraph.toml").write_text("fail-on = 1", "utf-8")
    (tmp_path / "a.task.yaml").write_text("name: x\nsubtasks: [{name: A}]\n", "utf-8")
    base = tmp_path / "base"
    base.write_text("kept", "utf-8")
    args = ["check", str(tmp_path), "--write-baseline", str(base)]
    done = CliRunner().invoke(cli, args)
    assert (done.exit_code, base.read_text("utf-8")) == (2, "kept")
    assert "is not written: nothing was checked" in done.stderr


@pytest.mark.parametrize(
    ("name", "text"), [("n.task.yaml", "["), ("taskgraph.toml", "fail-on = 1")]
)
def test_nothing_is_stale_while_a_document_could_not_be_checked(
    tmp_path: Path, name: str, text: str
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        faulty = f"name: {folder}\nsubtasks: [{{name: A}}]\n"
        (tmp_path / folder / "n.task.yaml").write_text(faulty, "utf-8")
    base = ("--baseline", str(tmp_path / "base"))
    args = ["check", str(tmp_path)]
    write = [*args, "--write-baseline", base[1], "--isolated"]
    assert CliRunner().invoke(cli, write).exit_code == 0
    sound = "name: a\nsubtasks: [{name: A, timeout: 5}]\n"
    (tmp_path / "a" / "n.task.yaml").write_text(sound, "utf-8")
    done = CliRunner().invoke(cli, [*args, *base, "--isolated"])
    assert "no finding any more, remove it: TG401 a A" in done.stderr
    (tmp_path / "b" / name).write_text(text, "utf-8")
    done = CliRunner().invoke(cli, [*args, *base])
    assert done.exit_code == 2
    assert "remove it" not in done.stderr


def test_one_finding_is_not_many(tmp_path: Path) -> None:
    path = tmp_path / "a.task.yaml"
    path.write_text("name: x\nsubtasks: [{name: A}]\n", "utf-8")
    for form in ("text", "sarif", "junit"):
        args = ["check", str(path), "--max-findings", "0", "-f", form]
        done = CliRunner().invoke(cli, args)
        assert "1 more finding is not shown (--max-findings 0)" in done.stderr
        assert form == "text" or "1 more finding is not shown" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="has no such signals")
def test_an_interrupt_and_a_reader_that_went_away_are_no_findings(
    samples: Path, root: Path
) -> None:
    command = [sys.executable, "-m", "taskgraph", "check"]
    with subprocess.Popen(
        [*command, "-"], cwd=root, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b" " * 500_000)  # more than a pipe holds: it is being read
        process.stdin.flush()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert (process.returncode, said) == (130, b"\ntaskgraph: interrupted\n")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*command, str(samples / "obproxy_stop.json")],
        cwd=root, stdout=write, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_the_configuration_in_force_is_told_as_json(
    run_cli: RunCli, tmp_path: Path
) -> None:
    path = tmp_path / "taskgraph.toml"
    path.write_text("concurrency = 3")
    done = run_cli("config", str(tmp_path), "--format", "json")
    content = json.loads(done.stdout)
    options = {option["key"]: option for option in content["options"]}
    assert content["format"] == "taskgraph/config"
    assert options["concurrency"] == {
        "key": "concurrency", "value": 3, "origin": str(path),
    }  # fmt: skip
    assert options["overhead"]["origin"] == "default"


def stdin_named(name: str, text: str, *more: str) -> Result:
    given = ["check", "-", "--stdin-filename", name, *more]
    return CliRunner().invoke(cli, given, input=text)


def test_standard_input_can_have_a_name() -> None:
    definition = '{"name": "x", "subtasks": [{"name": "A", "timeout": "soon"}]}'
    told = stdin_named("ci/x.task.json", definition)
    assert told.exit_code == 1
    assert told.stdout.startswith("ci/x.task.json: task 'x'\n  1:53  error TG001")
    told = stdin_named("x.task.yaml", "name: x\nsubtasks: [{name: A, timeout: 5}]\n")
    assert (told.exit_code, told.stdout) == (0, "no findings: 1 task in 1 file\n")
    told = stdin_named("x.task.yaml", "name: [\n")
    assert told.exit_code == 2
    assert told.stderr.startswith("taskgraph: x.task.yaml: line 2, column 1: is not valid")


def test_the_configuration_is_that_of_the_name(tmp_path: Path) -> None:
    (tmp_path / "taskgraph.toml").write_text('ignore = ["no-timeout"]\n', "utf-8")
    text = "name: x\nsubtasks: [{name: A}]\n"
    assert "TG401" in stdin_named("x.task.yaml", text, "--isolated").stdout
    assert "TG401" not in stdin_named(str(tmp_path / "x.task.yaml"), text).stdout


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ((), {"TG107"}),
        (("--select", "TG401"), {"TG401"}),
        (("--select", "TG1,TG4", "--ignore", "TG4"), {"TG107"}),
        (("--ignore", "TG107"), set()),
    ],
)
def test_what_is_selected_begins_anew_and_what_is_ignored_is_added(
    tmp_path: Path, options: tuple[str, ...], codes: set[str]
) -> None:
    config = 'select = ["TG4"]\nextend-select = ["TG107"]\nignore = ["TG401"]\n'
    config += 'per-path-ignores = {"y.*" = ["TG401"]}\n'
    (tmp_path / "taskgraph.toml").write_text(config, "utf-8")
    rows = "[{name: A}, {name: B, upstreams: [A]}, {name: C, upstreams: [A, B]}]"
    text = f"name: x\nsubtasks: {rows}\n"
    told = stdin_named(str(tmp_path / "x.task.yaml"), text, *options)
    assert {*re.findall(r"TG\d+", told.stdout)} == codes
    told = stdin_named(str(tmp_path / "y.task.yaml"), text, "--select", "TG401")
    assert told.stdout.startswith("no findings")


def test_a_name_without_standard_input_is_refused(broken: str) -> None:
    told = CliRunner().invoke(cli, ["check", broken, "--stdin-filename", "x.task.yaml"])
    assert "FILE is then -" in str(told.exception)


def test_attempts_that_were_seen_need_past_runs(broken: str) -> None:
    told = CliRunner().invoke(cli, ["check", broken, "--attempts-seen"])
    assert "--attempts-seen is for --runs DIR" in str(told.exception)


def test_a_definition_without_a_kind_is_told_how_to_say_it() -> None:
    text = '{"name": "x", "subtasks": [{"name": "A"}, {"name": "B"}]}'
    told = CliRunner().invoke(cli, ["check", "-"], input=text)
    assert told.exit_code == 2
    assert "kind: task-definition" in told.stderr
    assert "--stdin-filename" in told.stderr
