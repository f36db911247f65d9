"""What each output tells of a task, read back as figures that can be compared.

A reader takes what a command wrote and gives the figures that it can find there; the same
figure has the same name and the same kind of value whoever tells it: seconds as integers,
ids as texts. A figure about one subtask is named by a pair.
"""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, TypeAlias

from taskgraph.analysis.premises import Unknown
from taskgraph.api import LoadedTask

Told: TypeAlias = dict[str | tuple[str, str], Any]
Values: TypeAlias = dict[str, Any]

_UNITS = {"d": 86400, "h": 3600, "min": 60, "s": 1}
_FACT = re.compile(r"^([A-Z][a-z]+(?: [a-z]+)*) {2,}(\S.*)$")
_ROW = re.compile(r" {2,}")
_MOST_SHOWN = 5

NO_END = "nothing promises an end: "


def spoken(text: str) -> int:
    """Read a duration in words, whole seconds."""
    total = 0
    for number, unit in re.findall(r"(\d+(?:\.\d+)?) (d|h|min|s)\b", text):
        total += int(number) * _UNITS[unit]
    return -total if text.startswith("-") else total


def _moment(text: str, beside: str = "") -> str:
    """Read a moment, of which only what is news may be told beside another."""
    if re.fullmatch(r"[\d:]{8}", text):
        text = f"{beside[:10]} {text}"
    if not re.search(r"[+-]\d\d:\d\d$", text):
        text += beside[19:25]
    return text.replace(" ", "T", 1)


def _started(text: str, fact: str) -> str:
    """Read when a task started, perhaps beside a moment that comes before in a text."""
    moment = r"(\d{4}(?:-\d\d){2} )?\d\d(?::\d\d){2}([+-]\d\d:\d\d)?"
    if (found := re.match(moment, fact)) is None or found[2]:
        return fact
    before = next(found[0] for found in re.finditer(moment, text) if found[1] and found[2])
    return _moment(found[0], before).replace("T", " ")


def _until(text: str, beside: str = "") -> Told:
    """Read by when it is over, and how late that is."""
    until = re.search(r"over by (.+?)(?:, (.+) later than .*)?$", text)
    assert until, text
    return {
        "left until": _moment(until[1], beside),
        "late": spoken(until[2] or ""),
    }


def plain(text: str) -> str:
    """Take away tags, escapes and the breaks of lines."""
    text = html.unescape(re.sub(r"<[^>]*>", "", text))
    return " ".join(re.sub(r"\\([^\w\s]|_)", r"\1", text).split())


def _to_the_second(time: datetime) -> str:
    """Write a moment as all outputs for people tell it."""
    return time.replace(microsecond=0).isoformat()


def _ids(identifiers: Iterable[Any]) -> tuple[str, ...]:
    return tuple(map(str, identifiers))


def _marked(figure: str, marked: Iterable[Any], every: Iterable[Any]) -> Told:
    """Give for each subtask whether it is marked."""
    here = set(_ids(marked))
    return {(figure, name): name in here for name in _ids(every)}


# --- the library ---------------------------------------------------------------------


def library(loaded: LoadedTask) -> Told:
    """Ask the analysis itself."""
    analysis, graph = loaded.analysis, loaded.graph
    every = [subtask.id for subtask in graph.subtasks]

    def ids(nodes: Iterable[int]) -> tuple[str, ...]:
        return _ids(graph.subtasks[node].id for node in nodes)

    told: Told = {"as of": analysis.as_of and _to_the_second(analysis.as_of)}
    found = loaded.checked.findings
    kinds = sorted((finding.code, str(finding.severity)) for finding in found)
    told |= {
        "findings": sorted(
            (finding.code, str(finding.severity), plain(finding.message))
            for finding in found
        ),
        "severities by code": kinds,
        "codes": [code for code, _ in kinds],
        "severities": dict(sorted(Counter(kind for _, kind in kinds).items())),
    }
    told["over the limit"] = "TG405" in told["codes"]
    told["sound"] = analysis.is_sound
    if not analysis.is_sound:
        return told
    budget, rollback = analysis.budget, analysis.rollback
    progress, schedule = analysis.progress, analysis.schedule
    told |= {
        "unknown": analysis.unknown and str(analysis.unknown),
        "worst case": budget.seconds,
        "bounded": budget.is_bounded and analysis.tells_worst_case,
        "no limit": ids(budget.unlimited),
        "longest path": schedule.makespan,
        "critical path": ids(schedule.critical_path),
        "done": len(analysis.tally.done),
        "failed": len(analysis.tally.failed),
        "left": progress.worst_case.seconds,
        "no end": progress.endless and str(progress.endless),
        "late": analysis.seconds_late if progress.latest_finish else None,
        "left until": progress.latest_finish and _to_the_second(progress.latest_finish),
        "rollback allowed": rollback.is_allowed,
        "rollback accepted now": rollback.is_accepted,
        "rollback seconds": _undoing(loaded),
        "blockers": ids(rollback.blockers),
        "failing late": analysis.failing_late and analysis.failing_late.at_most,
    }
    told |= _no_return(
        None if analysis.no_return is None else ids(analysis.no_return.nodes),
        analysis.no_return and analysis.no_return.seconds_after,
        analysis.no_return and analysis.no_return.passed,
    )
    told |= _marked("critical", ids(schedule.critical), every)
    gates = () if analysis.no_return is None else analysis.no_return.nodes
    told |= _marked("gate", ids(gates), every)
    told |= _marked("blocked", ids(sorted(analysis.blocked)), every)
    ran = () if analysis.as_run is None else analysis.as_run.path
    told |= _marked("as-run path", ids(ran), every)
    columns = {
        "float": schedule.total_float,
        "free float": schedule.free_float,
        "drag": analysis.drags,
        "starts": schedule.early_start,
        "ends": schedule.early_finish,
        "takes": schedule.durations,
        "share": budget.shares,
    }
    for name, values in columns.items():
        told |= {(name, str(every[n])): value for n, value in enumerate(values)}
    for subtask in graph.subtasks:
        if subtask.timeout:
            told["timeout", str(subtask.id)] = subtask.timeout
    for way in analysis.ways_out:
        (name,) = ids([way.node])
        for what, act in (("retry", way.retry), ("skip", way.skip)):
            bound = act.worst_case and act.worst_case.seconds
            told[what, name] = act.is_accepted and bound
    return told


def _undoing(loaded: LoadedTask) -> int | None:
    """Give the seconds of the way back, where the document tells any."""
    analysis = loaded.analysis
    is_untold = analysis.unknown is not None and bool(analysis.rollback.steps)
    if analysis.progress.lasting or analysis.rollback.is_crowded or is_untold:
        return None
    return analysis.rollback.worst_case.seconds


def _no_return(ids: tuple[str, ...] | None, seconds: Any, passed: Any) -> Told:
    told: Told = {"no return": ids}
    if ids is not None:
        told |= {"no return seconds": seconds, "no return passed": passed}
    return told


# --- text ----------------------------------------------------------------------------


def _facts(text: str) -> dict[str, str]:
    """Read the block of labels and values."""
    matches = (_FACT.match(line) for line in text.splitlines())
    return {match[1]: match[2] for match in matches if match}


def _seconds(text: str) -> int:
    match = re.match(r"-?(?:\d+ (?:d|h|min|s)\b ?)+", text)
    assert match, text
    return spoken(match[0])


def _listed(text: str) -> tuple[str, ...]:
    """Read a list like ``1, 2 or 3``."""
    return tuple(name.strip() for name in re.split(", | or ", text) if name.strip())


def _worst(facts: dict[str, str]) -> Told:
    worst = facts["Worst case"]
    unknown = worst.removeprefix("not known: ") if worst.startswith("not known") else None
    if unknown is not None and unknown not in {*Unknown}:
        return {"sound": False}
    told: Told = {"sound": True, "unknown": unknown}
    if unknown is None:
        told["bounded"] = worst != "unbounded"
        told["worst case"] = _seconds(facts.get("Finite part", worst))
        told["longest path"] = _seconds(
            facts.get("Longest path", facts.get("Finite part", worst))
        )
    gate = facts["No return"]
    if gate.startswith("the start: the task"):
        return told | {"no return": ()}
    if gate.startswith(("none", "not known")):
        return told | {"no return": None, "why none": gate[:3]}
    told["no return passed"] = "(passed)" in gate
    if "; " in gate:
        told["no return seconds"] = _seconds(gate.rpartition("; ")[2])
    names = re.match(r"the start of (.+?)(?: '.*?')? \((?:not )?passed", gate)
    if names:  # of several only what they are is told
        told["no return"] = (names[1].strip("'"),)
    else:
        assert gate.startswith("the first start among "), gate
    return told


def show_text(text: str) -> Told:
    """Read ``show``."""
    facts = _facts(text)
    told = _worst(facts)
    started = _started(text, facts.get("Started", ""))
    if "As of" in facts:
        told["as of"] = _moment(facts["As of"], started)
    if told["sound"] and "Progress" in facts:  # no definition has any
        done = re.search(
            r"([\d,]+) of [\d,]+ (?:(?:un)?done|successful)", facts["Progress"]
        )
        assert done, facts["Progress"]
        told["done"] = int(done[1].replace(",", ""))
    if facts.get("Left", "").startswith(NO_END):
        told["no end"] = facts["Left"].removeprefix(NO_END)
    elif facts.get("Left", "").startswith("at most"):  # not all that is left has a limit
        told["left"] = spoken(facts["Left"].partition(", not counting")[0])
    elif "Left" in facts:
        told["left"] = _seconds(facts["Left"])
        told |= _until(facts["Left"], started)
    retried = facts.get("If retried", "")
    if retried.startswith("at most"):
        told["if retried"] = spoken(retried.partition(" left")[0])
    elif told["sound"] and "✗ FAILED" in text.partition("\n")[0]:
        told["if retried"] = None
    if "Assumes" in facts:
        told["premise"] = _premise(facts["Assumes"])
    if "Critical" in facts and "…" not in facts["Critical"] and ": " in facts["Critical"]:
        told["critical path"] = tuple(facts["Critical"].partition(": ")[2].split(" → "))
    found = re.findall(r"^(error|warning|info) (TG\d{3})\s+(.*)$", text, re.MULTILINE)
    count = sum(int(number) for number in re.findall(r"(\d+) [eiw]", facts["Findings"]))
    assert len(found) == min(count, _MOST_SHOWN), text
    if count <= _MOST_SHOWN:
        told["findings"] = sorted((code, kind, plain(rest)) for kind, code, rest in found)
    return told


def _premise(text: str) -> str:
    """Read what a bound rests on that somebody asks for at once."""
    found = re.search(r"nobody intervenes(?: but to (\w+) at once)?", text)
    assert found, text
    return found[1] or "nothing"


def budget_text(text: str) -> Told:
    """Read ``budget``."""
    facts = _facts(text)
    told = _worst(facts)
    told["over the limit"] = "not held" in facts.get("Limit", "")
    back = facts["Rollback"]
    unknown = back.startswith("not known")
    if not unknown:
        told["rollback accepted now"] = back.startswith("allowed now")
    if "successful" not in back:
        told["rollback allowed"] = None if unknown else back.startswith("allowed")
    if match := re.search(r"takes at most ([^,]*)", back):
        told["rollback seconds"] = _seconds(match[1])
    elif NO_END in back:
        told["rollback seconds"] = None
    late = facts.get("Failing late", "not known")
    told["failing late"] = None
    if not late.startswith("not known"):
        figure = re.split(r": |takes over ", late)[-1]
        told["failing late"] = _seconds(figure)
    for line in text.splitlines():
        if match := re.match(r"\s*[\d.]+ %\s+(\S.*?)  (\S+)  ", f"{line}  "):
            told["share", match[2]] = _seconds(match[1])
    return told


def critical_path_text(text: str) -> Told:
    """Read ``critical-path``, by timeouts."""
    pattern = r"^Critical path .*?: (\d+) of \d+ subtasks, (.*)$"
    head = re.search(pattern, text, re.MULTILINE)
    assert head, text
    told: Told = {"unknown": None}
    if head[2].startswith("length not known: "):
        told["unknown"] = head[2].removeprefix("length not known: ")
    else:
        told["longest path"] = _seconds(head[2])
    columns: list[str] = []
    path = []
    for line in text.splitlines():
        cells = _ROW.split(line.strip())
        if cells[0] == "id":
            columns = cells
        elif columns and len(cells) == len(columns):
            row = dict(zip(columns, cells, strict=True))
            if "drag" in row:
                path.append(row["id"])
            for title in ("drag", "float", "starts", "ends", "timeout", "takes"):
                if row.get(title, "none") != "none":
                    told[title, row["id"]] = _seconds(row[title])
            if "free" in row:
                told["free float", row["id"]] = _seconds(row["free"])
        elif not line.strip():
            columns = []
    if len(path) == int(head[1]):
        told["critical path"] = tuple(path)
    return told


def check_text(text: str) -> Told:
    """Read ``check``."""
    found = re.findall(
        r"^  (?:\S+\s+)?(error|warning|info)\s+(TG\d{3}) \S+: (.*)$", text, re.MULTILINE
    )
    return {"findings": sorted((code, kind, plain(rest)) for kind, code, rest in found)}


# --- JSON ----------------------------------------------------------------------------


def _budget(row: dict[str, Any]) -> Told:
    told: Told = {
        "unknown": row["unknown"],
        "worst case": row["finite_seconds"],
        "bounded": row["is_bounded"],
        "no limit": _ids(row["unlimited"]),
        "longest path": row["concurrency"]["longest_path_seconds"],
    }
    assert row["budget_seconds"] == (row["finite_seconds"] if row["is_bounded"] else None)
    told |= {("share", str(share["id"])): share["seconds"] for share in row["shares"]}
    gate = row["point_of_no_return"]
    return told | _no_return(
        gate and _ids(gate["subtasks"]),
        gate and gate["seconds_after"],
        gate and gate["passed"],
    )


def show_json(row: dict[str, Any]) -> Told:
    """Read a task of ``show --format json``."""
    as_of = row["as_of"] and _to_the_second(datetime.fromisoformat(row["as_of"]))
    told: Told = {"as of": as_of, "sound": not row["flaws"]}
    told["severities"] = row["findings"]
    return told if row["budget"] is None else told | _budget(row["budget"])


def budget_json(row: dict[str, Any]) -> Told:
    """Read a task of ``budget --format json``."""
    back, late = row["rollback"], row["failing_late"]
    limit, worst = row["limit_seconds"], row["budget_seconds"]
    is_over = limit is not None and (worst is None or worst > limit)
    return _budget(row) | {
        "over the limit": is_over and not row["unknown"],
        "sound": True,
        "rollback allowed": back["is_allowed"],
        "rollback accepted now": back["is_accepted_now"],
        "rollback seconds": back["worst_case_seconds"],
        "blockers": _ids(back["blockers"]),
        "failing late": late and late["at_most_seconds"],
    }


def critical_path_json(row: dict[str, Any]) -> Told:
    """Read a task of ``critical-path --format json``, by timeouts."""
    every = [subtask["id"] for subtask in row["subtasks"]]
    told: Told = {
        "sound": True,
        "unknown": row["unknown"],
        "longest path": row["makespan"],
        "critical path": _ids(row["critical_path"]),
    }
    keys = {
        "float": "total_float",
        "free float": "free_float",
        "drag": "drag",
        "starts": "early_start",
        "ends": "early_finish",
        "takes": "duration",
    }
    for subtask in row["subtasks"]:
        told |= {(name, str(subtask["id"])): subtask[key] for name, key in keys.items()}
    return told | _marked("critical", row["critical"], every)


def explain_json(row: dict[str, Any]) -> Told:
    """Read a task of ``explain --format json``."""
    told: Told = {}
    doubts = []
    for part in ({"sentences": row["verdict"]}, *row["brief"], *row["sections"]):
        for sentence in part["sentences"]:
            claim, values = sentence["claim"], sentence["values"]
            if claim in _CLAIMS:
                told |= _CLAIMS[claim](values)
            if claim == "blocked" and "never started" in sentence["text"]:
                told |= _marked("blocked", values["subtasks"], values["subtasks"])
            if claim == "assumptions":
                told["premise"] = _premise(sentence["text"])
            if claim in {"inconsistent", "over-limit"}:
                doubts.append((values["rule"], values["message"]))
    told["findings told"] = doubts
    return told


def _maybe(value: Any) -> bool | None:
    return bool(value) if value in {True, False} else None


def _of_subtask(figure: str, seconds: str = "") -> Callable[[Values], Told]:
    """Read what a claim says of subtasks: how long, or that something is refused."""
    return lambda values: {
        (figure, str(name)): values[seconds] if seconds else False
        for name in values.get("subtasks") or values["subtask"]
    }


def _worst_claim(values: Values) -> Told:
    return {"worst case": values["budget_seconds"], "bounded": "unlimited" not in values}


def _left_claim(values: Values) -> Told:
    told: Told = {"left": values["left_seconds"]}
    if "latest" in values:
        told["left until"] = _to_the_second(datetime.fromisoformat(values["latest"]))
    return told


def _no_return_claim(values: Values) -> Told:
    told: Told = {"no return": _ids(values["subtasks"])}
    if "after_seconds" in values:
        told["no return seconds"] = values["after_seconds"]
    return told


_CLAIMS: dict[str, Callable[[Values], Told]] = {
    "as-of": lambda values: {
        "as of": _to_the_second(datetime.fromisoformat(values["as_of"]))
    },
    "budget": _worst_claim,
    "budget-unbounded": _worst_claim,
    "concurrency": lambda values: {"longest path": values["longest_seconds"]},
    "counts": lambda values: {name: values.get(name, 0) for name in ("done", "failed")},
    "dominant": lambda values: (
        _of_subtask("share", "share_seconds")(values) if "share_seconds" in values else {}
    ),
    "fail-late": lambda values: {"failing late": values["both_seconds"]},
    "left": _left_claim,
    "later": lambda values: {"late": values["late_seconds"]},
    "never-return": lambda _: {"no return": ()},
    "no-point-of-no-return": lambda _: {"no return": None, "why none": "non"},
    "no-return": _no_return_claim,
    "no-return-unknown": lambda _: {"no return": None, "why none": "not"},
    "retry-accepted": lambda values: {
        "if retried": values.get("worst_seconds"),
        **(
            _of_subtask("retry", "worst_seconds")(values)
            if "worst_seconds" in values
            else {}
        ),
    },
    "dag-retry": lambda values: {"if retried": values.get("worst_seconds")},
    "retry-unknown": lambda _: {"if retried": None},
    "retry-refused": _of_subtask("retry"),
    "rollback-accepted": lambda values: {
        "rollback allowed": True,
        "rollback accepted now": True,
        **(
            {"rollback seconds": values["worst_seconds"]}
            if "worst_seconds" in values
            else {}
        ),
    },
    "rollback-unknown": lambda _: {"rollback allowed": None},
    "rollback-if-failed": lambda _: {
        "rollback allowed": True,
        "rollback accepted now": False,
    },
    "rollback-only-failed": lambda _: {"rollback accepted now": False},
    "rollback-refused": lambda values: {
        "rollback allowed": False,
        "rollback accepted now": False,
        "blockers": _ids(values.get("blockers", ())),
    },
    "skip-accepted": lambda values: (
        _of_subtask("skip", "worst_seconds")(values) if "worst_seconds" in values else {}
    ),
    "skip-refused": _of_subtask("skip"),
}


def node_link(text: str) -> Told:
    """Read ``render --format json``."""
    return _exported((node["id"], node) for node in json.loads(text)["nodes"])


def graphml(text: str) -> Told:
    """Read ``render --format graphml``."""
    space = "{http://graphml.graphdrawing.org/xmlns}"
    root = ET.fromstring(text)
    names = {key.get("id"): key.get("attr.name") for key in root.iter(f"{space}key")}
    return _exported(
        (node.get("id"), {names[data.get("key")]: data.text for data in node})
        for node in root.iter(f"{space}node")
    )


def gexf(text: str) -> Told:
    """Read ``render --format gexf``."""
    space = "{http://www.gexf.net/1.2draft}"
    root = ET.fromstring(text)
    (declared,) = root.findall(f".//{space}attributes[@class='node']")
    names = {each.get("id"): each.get("title") for each in declared}
    return _exported(
        (
            node.get("id"),
            {names[a.get("for")]: a.get("value") for a in node.iter(f"{space}attvalue")},
        )
        for node in root.iter(f"{space}node")
    )


def _exported(nodes: Iterable[tuple[Any, dict[Any, Any]]]) -> Told:
    told: Told = {}
    for identifier, values in nodes:
        if "critical" in values:
            name = str(identifier)
            told["critical", name] = str(values["critical"]).lower() == "true"
            told["float", name] = int(values["total_float"])
            told["starts", name] = int(values["early_start"])
            told["ends", name] = int(values["early_finish"])
    return told


def trace(text: str) -> Told:
    """Read ``render --format trace``."""
    slices = [each for each in json.loads(text)["traceEvents"] if each["ph"] == "X"]
    return {
        ("as-run path", each["args"]["id"]): each["args"]["as-run path"] for each in slices
    }


# --- findings ------------------------------------------------------------------------


def _findings(rows: Iterable[dict[str, Any]]) -> Told:
    return {
        "findings": sorted(
            (row["code"], row["severity"], plain(row["message"])) for row in rows
        )
    }


def check_json(row: dict[str, Any]) -> Told:
    """Read a task of ``check --format json``."""
    return _findings(row["findings"])


def check_jsonl(text: str) -> Told:
    """Read ``check --format jsonl``."""
    rows = map(json.loads, text.splitlines())
    return _findings(row for row in rows if row["kind"] == "finding")


def check_sarif(text: str) -> Told:
    """Read ``check --format sarif``: its messages are sentences that go on."""
    levels = {"error": "error", "warning": "warning", "note": "info"}
    (run,) = json.loads(text)["runs"]
    results = run["results"]
    return {
        "severities by code": sorted(
            (row["ruleId"], levels[row["level"]]) for row in results
        ),
        "messages": sorted(plain(row["message"]["text"]).lower() for row in results),
    }


def check_junit(text: str) -> Told:
    """Read ``check --format junit``."""
    rows = []
    for case in ET.fromstring(text).iter("testcase"):
        said = [case.find("failure"), case.find("system-out")]
        for element in said:
            if element is not None and element.text:
                kind, _, message = element.text.splitlines()[0].partition(": ")
                if message:  # else it lists what was skipped
                    rows.append((case.attrib["name"][:5], kind, plain(message)))
    return {"findings": sorted(rows)}


def check_github(text: str) -> Told:
    """Read ``check --format github``."""
    kinds = {"error": "error", "warning": "warning", "notice": "info"}
    rows = []
    pattern = r"^::(error|warning|notice) title=(TG\d{3}) [^:]*::(.*)$"
    for kind, code, rest in re.findall(pattern, text, re.MULTILINE):
        message = rest.split("%0A")[0].replace("%25", "%")
        rows.append((code, kinds[kind], plain(message)))
    return {"findings": sorted(rows)}


def check_gitlab(text: str) -> Told:
    """Read ``check --format gitlab``: its messages go on with the hint."""
    texts = [plain(row["description"]).partition(": ") for row in json.loads(text)]
    return {
        "codes": sorted(code for code, _, _ in texts),
        "messages": sorted(message.lower() for _, _, message in texts),
    }


def check_markdown(text: str) -> Told:
    """Read ``check --format markdown``."""
    pattern = (
        r"^\| \S+ (error|warning|info) \| (TG\d{3}) [^|]*\| [^|]*\| (.*?)(?:<br>.*)? \|$"
    )
    found = re.findall(pattern, text, re.MULTILINE)
    return {"findings": sorted((code, kind, plain(rest)) for kind, code, rest in found)}


# --- pages and pictures --------------------------------------------------------------


def _figures(rows: dict[str, str]) -> Told:
    """Read the numbers that come first on a page."""
    told: Told = {}
    for label in ("Done", "Undone", "Successful"):
        if label in rows:
            told["done"] = int(rows[label].partition(" of ")[0].replace(",", ""))
    if not rows.get("Worst case", "not known").startswith("not known"):
        worst = rows["Worst case"]
        told["bounded"] = not worst.startswith("unbounded")
        told["worst case"] = spoken(worst.partition("else ")[2] or worst.partition(" (")[0])
    if rows.get("Left at worst", "").startswith("no promise"):
        told["no end"] = rows["Left at worst"].removeprefix("no promise").strip(" ()")
    elif "Left at worst" in rows:
        left = rows["Left at worst"]
        told["left"] = spoken(left.partition(" (")[0])
        told |= _until(left.rstrip(")"))
    gate = rows.get("Point of no return", "")
    if gate.startswith("the start "):
        return told | {"no return": ()}
    if gate.startswith(("none", "not known")):
        told |= {"no return": None, "why none": gate[:3]}
    elif gate:
        told["no return passed"] = gate.startswith("passed")
        names = re.search(r"the start of ([^()]*)", gate)
        assert names, gate
        if " more" not in gate:
            told["no return"] = _listed(names[1])
    return told


def report_markdown(text: str) -> Told:
    """Read ``report --format markdown``."""
    cells = [
        [plain(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    told = _figures({row[0]: row[1].replace("**", "") for row in cells if len(row) == 2})
    columns: list[str] = []
    for row in cells:
        if row[0] == "Subtask":
            columns = row
        elif columns and len(row) == len(columns) and not row[0].startswith("-"):
            named = dict(zip(columns, row, strict=True))
            told["float", row[0]] = spoken(named["Float"])
            told["drag", row[0]] = spoken(named["Drag"])
            if named["Timeout"] != "none":
                told["timeout", row[0]] = spoken(named["Timeout"])
            told["starts", row[0]] = spoken(named["Start"])
            told["ends", row[0]] = spoken(named["End"])
    length = re.search(r"^\d+ of \d+ subtasks, (.*)\.$", text, re.MULTILINE)
    if length and (unknown := re.match("length not known: (.*)", length[1])):
        told["unknown"] = unknown[1]
    elif length:
        told["longest path"] = spoken(length[1].partition(" by their timeouts")[0])
    found = re.findall(r"^- \*\*(\w+)\*\* (TG\d{3}) \S+: (.*)$", text, re.MULTILINE)
    told["findings"] = sorted((code, kind, plain(rest)) for kind, code, rest in found)
    return told


def report_html(text: str) -> Told:
    """Read ``report --format html``."""
    pairs = re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)(?: <small>(.*?)</small>)?</dd>", text)
    figures = {
        label: f"{value} ({note})" if note else value for label, value, note in pairs
    }
    told = _figures({label: plain(value) for label, value in figures.items()})
    pattern = r'<thead><tr>(<th scope="col">Subtask</th><th scope="col">Name.*?)</tr>'
    head = re.search(pattern, text, re.DOTALL)
    titles = re.findall(r"<th[^>]*>(.*?)</th>", head[1]) if head else []
    names = {"Float": "float", "Free": "free float", "Drag": "drag"}
    names |= {"Start": "starts", "End": "ends", "Timeout": "timeout"}
    for row in re.findall(r'<tr id="t0-n\d+"[^>]*>(.*?)</tr>', text):
        first = re.search(r'<th scope="row">(.*?)</th>', row)
        assert first
        identifier = plain(re.sub(r"<abbr.*?</abbr>", "", first[1]))
        values = [plain(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for title, value in zip(titles[1:], values, strict=True):
            if plain(title) in names and value not in ("", "none"):
                told[names[plain(title)], identifier] = spoken(value)
        if told.keys() & {"bounded"}:
            told["critical", identifier] = 'title="critical"' in row
            told["gate", identifier] = 'title="point of no return"' in row
    return told


def svg(text: str) -> Told:
    """Read ``render``, nothing collapsed."""
    told: Told = _drawn_worst(plain(text.partition("<desc")[2].partition("</desc>")[0]))
    if path := re.search(r"takes at most, of the [a-z ]*longest path \((.*?)\)", text):
        told["longest path"] = spoken(path[1])
    node = r'<g class="n ([^"]*)"[^>]* data-id="([^"]*)"[^>]*>'
    found = re.findall(rf"{node}<title>(.*?)</title>", text)
    for classes, name, title in found:
        identifier = html.unescape(name)
        if len(found) > 1:  # a single box has no mark, and needs none
            told["critical", identifier] = "c" in classes.split() or "all of it cri" in text
        told["blocked", identifier] = ", blocked" in title
    return told | dict(_drawn_gates(ET.fromstring(text)))


def _drawn_gates(drawn: ET.Element) -> Iterator[tuple[Any, bool]]:
    """Tell of each box whether it, or the frame around it, is a point of no return."""
    title, node = "{http://www.w3.org/2000/svg}title", ".//*[@data-id]"
    for box in drawn.iterfind(node):
        gate = "point of no return" in (box.findtext(title) or "")
        yield ("gate", box.attrib["data-id"]), gate
    for frame in drawn.iter():
        is_frame = "frame" in frame.get("class", "").split()
        if is_frame and "point of no return" in (frame.findtext(title) or ""):
            for part in frame.iterfind(node):
                yield ("gate", part.attrib["data-id"]), True


def timeline(text: str) -> Told:
    """Read ``render --view timeline``, nothing collapsed."""
    figure = "as-run path" if "as-run path" in text else "critical"
    is_all = "all of it critical" in text
    row = r'<g class="row"[^>]* data-id="([^"]*)">.*?<text class="n( c)?"'
    return {
        (figure, html.unescape(name)): is_all or bool(mark)
        for name, mark in re.findall(row, text)
    }


_QUOTED = r'"(?:[^"\\]|\\.)*"'


def dot(text: str) -> Told:
    """Read ``render --format dot``, nothing collapsed."""
    told = _drawn_worst(text)
    found = re.findall(rf"subtask=({_QUOTED}|\S+) tooltip=({_QUOTED}|[^]\s]+)", text)
    for name, tip in found:
        identifier = re.sub(r"\\(.)", r"\1", name.removeprefix('"').removesuffix('"'))
        if len(found) > 1:
            is_critical = "on the critical path" in tip or "all of it critical" in text
            told["critical", identifier] = is_critical
        told["blocked", identifier] = ", blocked" in tip
    return told


def mermaid(text: str) -> Told:
    """Read ``render --format mermaid``, nothing collapsed."""
    classes: dict[str, set[str]] = {}
    for names, style in re.findall(r"^  class (\S+) (\S+)$", text, re.MULTILINE):
        for name in names.split(","):
            classes.setdefault(name, set()).add(style)
    told: Told = {}
    found = re.findall(r'^  (n\d+(?:_\d+)?)\["(.*)"\]$', text, re.MULTILINE)
    for name, label in found:
        written = re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label)
        identifier = written.rpartition("<br/>")[2].partition(" · ")[0]
        if len(found) > 1:
            is_critical = "critical" in classes[name] or "all of it critical" in text
            told["critical", identifier] = is_critical
        told["blocked", identifier] = ", blocked" in written
    return told


def _drawn_worst(text: str) -> Told:
    told: Told = {}
    if match := re.search(
        r"worst case (unbounded .*?, else )?((?:\d+ (?:d|h|min|s) ?)+)", text
    ):
        told["bounded"] = match[1] is None
        told["worst case"] = spoken(match[2])
    return told


def tree(text: str) -> Told:
    """Read ``render --format txt``, nothing collapsed."""
    told: Told = {}
    for line in text.splitlines():
        match = re.match(r"^([* ]) .*?(\S+) · ([A-Z]+(?:, blocked)?) ·", line)
        if match:
            told["critical", match[2]] = match[1] == "*" or "all of it critical" in text
            told["blocked", match[2]] = match[3].endswith("blocked")
            if line.endswith(" · point of no return"):  # else its frame may have the mark
                told["gate", match[2]] = True
    return told


# --- notebooks -----------------------------------------------------------------------


def notebook_table(text: str) -> Told:
    """Read the table that a timetable by timeouts displays."""
    length = re.search(r"makespan ([^<]*)", text)
    assert length
    told: Told = {}
    if length[1].startswith("not known: "):
        told["unknown"] = length[1].removeprefix("not known: ")
    else:
        told["longest path"] = _seconds(length[1])
    path = []
    for row in re.findall(r"<tr>(<td>.*?)</tr>", text):
        cells = [plain(cell) for cell in re.findall(r"<td>(.*?)</td>", row)]
        name = cells[1]
        if cells[0]:
            path.append(name)
        titles = ("takes", "starts", "ends", "float", "drag")
        told |= {
            (title, name): _seconds(cell)
            for title, cell in zip(titles, cells[4:], strict=True)
        }
    return told | {"critical path": tuple(path)}


def frames(loaded: LoadedTask) -> Told:
    """Read the data frames."""
    import taskgraph

    told: Told = {}
    (task,) = taskgraph.to_frame(loaded, "tasks").to_dict("records")
    if task["is_bounded"] in {True, False}:
        told |= {
            "worst case": int(task["budget_seconds"]),
            "bounded": bool(task["is_bounded"]),
            "done": int(task["done"]),
            "failed": int(task["failed"]),
            "rollback allowed": _maybe(task["rollback_allowed"]),
        }
        names = {"total_float_seconds": "float", "free_float_seconds": "free float"}
        names |= {"drag_seconds": "drag", "share_seconds": "share"}
        for row in taskgraph.to_frame(loaded).to_dict("records"):
            for column, name in names.items():
                told[name, str(row["id"])] = int(row[column])
            told["critical", str(row["id"])] = bool(row["is_critical"])
    found = taskgraph.to_frame(loaded, "findings").to_dict("records")
    return told | {
        "findings": sorted(
            (row["code"], row["severity"], plain(row["message"])) for row in found
        )
    }


def sentences(row: dict[str, Any]) -> Iterator[str]:
    """Give every sentence of an explanation."""
    for sentence in row["verdict"]:
        yield plain(sentence["text"])
    for section in (*row["brief"], *row["sections"]):
        for sentence in section["sentences"]:
            yield plain(sentence["text"])
