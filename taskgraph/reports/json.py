"""Results as JSON for programs: stable, versioned, and the same bytes every time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticSerializationError, to_json

from taskgraph.analysis.weights import Basis
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.declaration import Rows
from taskgraph.model.task import Id, Task
from taskgraph.model.words import in_json
from taskgraph.reports.results import Account, endless_undoing, holders, undoing

if TYPE_CHECKING:
    from taskgraph.analysis.analysis import Analysis
    from taskgraph.analysis.as_run import AsRun
    from taskgraph.analysis.past import Foreseen
    from taskgraph.analysis.rollback import FailLate, PointOfNoReturn
    from taskgraph.analysis.timetable import Timetable
    from taskgraph.reports import task_contract
    from taskgraph.reports.explaining.sentences import Explanation, Section, Sentence

VERSION = 1
_DEEP = 4  # document, tasks, task, and each of its subtasks on a line
_AT_ONCE = 1000
_plainly = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def document(kind: str, tasks: Sequence[Mapping[str, Any]], errors: list[str]) -> str:
    """Write the results of the command that is named, as ``task_contract`` declares them.

    There is one for each task, in the order in which they were read, and a message for
    what could not be read.
    """
    from taskgraph.reports.task_contract import REPORTS

    content = {"format": f"taskgraph/{kind}", "version": VERSION, "tasks": tasks}
    content = REPORTS[kind].checked(content | {"errors": errors})
    return in_json("".join(pretty_pieces(content, "\n", depth=_DEEP)) + "\n")


def pretty_pieces(value: Any, newline: str, depth: int) -> Iterator[str]:
    r"""Write the outer levels item by item, and each value below them on one line.

    The standard library indents everything or nothing, and does it slowly. An iterator is
    a list made by and by, and a text of many megabytes is put together once, or never.

    Examples
    --------
    >>> print("".join(pretty_pieces({"a": [{"b": 1}, {"b": [2, 3]}]}, "\n", depth=2)))
    {
      "a": [
        {"b":1},
        {"b":[2,3]}
      ]
    }
    """
    inner = f"{newline}  "
    if isinstance(value, Iterator):
        mark = "["
        for item in value:
            yield f"{mark}{inner}{_on_a_line(item)}"
            mark = ","
        yield "[]" if mark == "[" else f"{newline}]"
    elif isinstance(value, Rows):
        is_long = depth and value
        yield f"[{inner}" if is_long else "["
        yield from _lines(value, inner if depth else "")
        yield f"{newline}]" if is_long else "]"
    elif not depth or not value or not isinstance(value, dict | list):
        yield _on_a_line(value)
    elif isinstance(value, dict):
        for place, (key, item) in enumerate(value.items()):
            yield f"{',' if place else '{'}{inner}{json.dumps(key)}: "
            yield from pretty_pieces(item, inner, depth - 1)
        yield f"{newline}}}"
    elif not isinstance(value[0], dict):
        yield _on_a_line(value)
    elif depth == 1:
        yield f"[{inner}"
        yield _rows(value, inner)
        yield f"{newline}]"
    else:
        for place, item in enumerate(value):
            yield f"{',' if place else '['}{inner}"
            yield from pretty_pieces(item, inner, depth - 1)
        yield f"{newline}]"


def _on_a_line(value: Any) -> str:
    """Write a value without a space; pydantic does it in a third of the time.

    But it writes no half of a character, as the name of a file may have.
    """
    try:
        return to_json(value, inf_nan_mode="constants").decode()
    except PydanticSerializationError:
        return _plainly(value)


def _rows(rows: list[dict[str, Any]], newline: str) -> str:
    """Write a row on each line, all of them in one call.

    They begin with one key. Between ``},{"`` and that key nothing can be told from the end
    of a text, and what stands in a text has its quotes escaped.
    """
    text = _on_a_line(rows)[1:-1]
    begin = f"{{{json.dumps(next(iter(rows[0]), ''))}:"
    return text.replace(f"}},{begin}", f"}},{newline}{begin}")


def _lines(rows: Rows[Any], newline: str) -> Iterator[str]:
    """Write the same of columns, a thousand rows at a time."""
    columns = rows.columns.values()
    keys = [json.dumps(key).replace("%", "%%") for key in rows.columns]
    row = f"{{{','.join(f'{key}:%s' for key in keys)}}}"
    for start in range(0, len(rows), _AT_ONCE):
        texts = (_texts(column[start : start + _AT_ONCE]) for column in columns)
        yield f",{newline}" * (start > 0)
        yield f",{newline}".join(map(row.__mod__, zip(*texts, strict=True)))


def _texts(values: Sequence[Any]) -> list[str]:
    """Write each value: in one call where the text can be parted again without doubt."""
    kinds = set(map(type, values))
    if kinds <= {int, bool}:
        return _on_a_line(values)[1:-1].split(",")
    if kinds == {str}:
        text = _on_a_line(values)[1:-1]
        if "\\" not in text:  # then no quote stands within a text
            return [f'"{value}"' for value in text[1:-1].split('","')]
    return list(map(_on_a_line, values))


def _task(graph: TaskGraph) -> task_contract.TaskHead:
    named, count = _named(graph.task), len(graph.task.subtasks)
    return {**named, "subtask_count": count, "edge_count": graph.edge_count}


def _named(task: Task) -> task_contract.NamedTask:
    return {
        "file": task.origin.file,
        "pointer": task.origin.pointer,
        "id": task.id,
        "name": task.name,
        "status": task.status,
    }


def _moment(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _ids(graph: TaskGraph, nodes: Sequence[int]) -> list[Id]:
    return [graph.ids[node] for node in nodes]


def critical_path_json(table: Timetable) -> task_contract.CriticalPathContent:
    """Give the schedule; times count from the start of the task, in the unit given."""
    graph, schedule, weights = table.graph, table.schedule, table.weights
    critical = set(schedule.critical)
    bases = {basis: basis.name.lower() for basis in Basis}
    near = schedule.near_critical(table.within_units) if table.within is not None else ()
    figures: task_contract.ScheduleFigures = {
        **_task(graph),
        "by": weights.kind,
        "unit": weights.unit,
        "as_of": _moment(weights.as_of),
        "makespan": schedule.makespan,
        "unknown": table.unknown and str(table.unknown),
        "critical_path": _ids(graph, schedule.critical_path),
        "critical": _ids(graph, schedule.critical),
        "near_critical": _ids(graph, near),
        "path_count": schedule.path_count,
        "path_count_is_exact": not schedule.has_more_paths,
    }
    beside: task_contract.ScheduleBeside = {}
    if table.what_if is not None:
        beside["before"] = {
            "makespan": table.what_if.before.makespan,
            "critical_path": _ids(graph, table.what_if.before.critical_path),
        }
    if table.as_run is not None:
        beside["as_run"] = _as_run(graph, table.as_run)
    spare = table.spare
    if spare is not None:
        beside["spare"] = spare
        beside["waits"] = table.waits
        beside["margin"] = table.margin
    if table.verdict is not None:
        beside["verdict"] = table.verdict.name.lower()
        beside["no_promise"] = table.no_promise and str(table.no_promise)

    columns: dict[str, Sequence[Any]] = {
        "id": graph.ids,
        "name": graph.values("name"),
        "duration": schedule.durations,
        "basis": [bases[basis] for basis in weights.basis],
        "early_start": schedule.early_start,
        "early_finish": schedule.early_finish,
        "late_start": schedule.late_start,
        "late_finish": schedule.late_finish,
        "total_float": schedule.total_float,
        "free_float": schedule.free_float,
        "drag": table.drags,
        "is_critical": [node in critical for node in range(len(graph))],
    }
    if spare is not None:
        columns["must_start_by"] = [late + spare for late in schedule.late_start]
        columns["window_float"] = [left + spare for left in schedule.total_float]
    return {**figures, **beside, "subtasks": Rows(columns)}


def _as_run(graph: TaskGraph, run: AsRun) -> task_contract.AsRunContent:
    return {
        "wall_microseconds": run.wall,
        "ideal_microseconds": run.ideal.makespan,
        "path": _ids(graph, run.path),
        "without_times": _ids(graph, run.skipped_over),
        "parts": [
            {
                "kind": part.kind.name.lower(),
                "microseconds": part.microseconds,
                "subtask": None if part.node is None else graph.subtasks[part.node].id,
                "begin": part.begin.isoformat(),
                "attempts": part.attempts,
                "span": part.span and part.span.name.lower(),
            }
            for part in run.parts
        ],
        "differences": {
            kind.name.lower(): value for kind, value in run.differences.items()
        },
    }


def budget_json(analysis: Analysis) -> task_contract.BudgetContent:
    """Give the worst case in seconds, what holds it, and the way back."""
    graph, rollback = analysis.graph, analysis.rollback
    late, enough = analysis.failing_late, analysis.enough_slots
    worst = undoing(analysis)
    return {
        **_task(graph),
        **_budget(analysis),
        "limit_seconds": analysis.limit,
        "slots": {
            "width": analysis.width.size,
            "width_is_exact": analysis.width.is_exact,
            "enough": enough and enough.limit,
            "tried": 0 if enough is None else enough.tried,
        },
        "rollback": {
            "is_allowed": rollback.is_allowed,
            "is_accepted_now": rollback.is_accepted,
            "refusals": [refusal.name.lower() for refusal in rollback.obstacles],
            "blockers": _ids(graph, rollback.blockers),
            "order": _ids(graph, [step.node for step in rollback.steps]),
            "worst_case_seconds": None if worst is None else worst.seconds,
            "no_promise": endless_undoing(analysis),
            "unlimited": _ids(graph, rollback.worst_case.unlimited),
        },
        "failing_late": None if late is None else _failing_late(graph, late),
    }


def _failing_late(graph: TaskGraph, late: FailLate) -> task_contract.FailingLate:
    return {
        "subtask": graph.subtasks[late.node].id,
        "until_failed_seconds": late.until_failed,
        "undoing_seconds": late.undoing,
        "seconds": late.seconds,
        "at_most_seconds": late.at_most,
        "unlimited": _ids(graph, late.unlimited),
    }


def _budget(analysis: Analysis) -> task_contract.BudgetFigures:
    graph, budget = analysis.graph, analysis.budget
    no_return, stand_in = analysis.no_return, analysis.stand_in
    bounds, held = budget.bounds, holders(budget)
    names, positions = graph.task.column("name"), graph.positions
    is_bounded = analysis.is_bounded
    return {
        "unknown": analysis.unknown and str(analysis.unknown),
        "is_bounded": is_bounded,
        "finite_seconds": budget.seconds,
        "budget_seconds": budget.seconds if is_bounded else None,
        "unlimited": _ids(graph, budget.unlimited),
        "assumed": _ids(graph, budget.assumed),
        "assumed_seconds": stand_in and stand_in.seconds,
        "total_timeout_seconds": budget.total,
        "concurrency": {
            "limit": bounds.limit,
            "may_wait": bounds.may_wait,
            "longest_path_seconds": bounds.longest_path,
            "lower_bound_seconds": bounds.lower,
            "list_schedule_seconds": bounds.listed,
            "upper_bound_seconds": bounds.upper,
        },
        "shares": Rows(
            {
                "id": _ids(graph, held),
                "name": [names[positions[node]] for node in held],
                "seconds": [budget.shares[node] for node in held],
            }
        ),
        "point_of_no_return": None if no_return is None else _no_return(graph, no_return),
    }


def _no_return(
    graph: TaskGraph, no_return: PointOfNoReturn
) -> task_contract.NoReturnContent:
    return {
        "subtasks": _ids(graph, no_return.nodes),
        "after": _ids(graph, no_return.after),
        "seconds_after": no_return.seconds_after,
        "unlimited_after": _ids(graph, no_return.unlimited),
        "passed": no_return.passed,
        "is_start": no_return.is_start,
    }


def show_json(account: Account) -> task_contract.ShowContent:
    """Give what ``show`` says: progress, worst case and the number of findings."""
    graph, sound = account.graph, account.sound
    subtasks = () if graph.task.is_definition else graph.task.subtasks
    statuses = Counter(subtask.status or "unknown" for subtask in subtasks)
    severities = Counter(str(finding.severity) for finding in account.checked.findings)
    return {
        **_task(graph),
        "as_of": _moment(account.as_of),
        "statuses": dict(sorted(statuses.items())),
        "findings": dict(sorted(severities.items())),
        "flaws": list(graph.flaws),
        "budget": None if sound is None else _budget(sound),
        **_by_past_runs(account.analysis),
    }


def _by_past_runs(analysis: Analysis) -> task_contract.ByPastRuns:
    if analysis.past is None:
        return {}
    return {"forecast": _forecast(analysis), "slow": _slow(analysis)}


def _forecast(analysis: Analysis) -> task_contract.ForecastContent | None:
    forecast = analysis.forecast
    if forecast is None:
        return None
    return {
        "runs": forecast.runs,
        "needed": forecast.needed,
        "half": _foreseen(forecast.half),
        "most": _foreseen(forecast.most),
        "failing": forecast.failing,
        "guessed": _ids(analysis.graph, forecast.guessed),
    }


def _foreseen(one: Foreseen | None) -> task_contract.ForeseenContent | None:
    if one is None:
        return None
    return {"moment": one.moment.isoformat(), "is_least": one.is_least}


def _slow(analysis: Analysis) -> list[task_contract.SlowContent]:
    return [
        {
            "subtask": analysis.graph.subtasks[one.node].id,
            "ran_microseconds": one.ran,
            "usual_microseconds": one.usual,
            "others": one.others,
            "shorter": one.shorter,
        }
        for one in analysis.slow
    ]


def explain_json(explanation: Explanation) -> task_contract.ExplainContent:
    """Give an explanation: each claim in words, with the values that it makes."""
    graph = explanation.graph
    return {
        **_named(graph.task),
        "verdict": _sentences(graph, explanation.verdict),
        "brief": [_section(graph, line) for line in explanation.brief],
        "sections": [_section(graph, section) for section in explanation.sections],
    }


def _section(graph: TaskGraph, section: Section) -> task_contract.ExplainSection:
    return {
        "key": section.key,
        "title": section.title,
        "sentences": _sentences(graph, section.sentences),
    }


def _sentences(
    graph: TaskGraph, sentences: tuple[Sentence, ...]
) -> list[task_contract.ExplainSentence]:
    return [
        {
            "claim": sentence.claim,
            "text": sentence.text(graph),
            "values": sentence.data(graph),
        }
        for sentence in sentences
    ]
