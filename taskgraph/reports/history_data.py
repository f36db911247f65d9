"""What the history of many documents says, for programs: JSON as declared, and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

from taskgraph.history.chances import Odds
from taskgraph.history.departures import Anomalies
from taskgraph.history.fitting import Fit
from taskgraph.history.growth import Growths
from taskgraph.history.reviewing import TaskReview, TimeoutReview
from taskgraph.history.statistics import Statistics
from taskgraph.history.trending import Trends
from taskgraph.model.task import Task
from taskgraph.model.words import commandless
from taskgraph.reports.history import HistoryResult, departure
from taskgraph.reports.history_tables import kind_name
from taskgraph.reports.trends import trend_rows

Plain: TypeAlias = dict[str, Any]

_VERSION = 1


def plain_data(value: Any) -> Any:
    """Turn a result into what JSON knows, fields by their names."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain_data(item) for name, item in value._asdict().items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: plain_data(getattr(value, field.name)) for field in fields(value)
        }
    if isinstance(value, list | tuple):
        return [plain_data(item) for item in value]
    return value


def render_json(result: HistoryResult) -> str:
    """Write a result: versioned, as declared, the same bytes for the same result."""
    name, content = _content(result)
    head = {"format": f"taskgraph/{name}", "version": _VERSION}
    return _written(name, head | content)


def render_patch(review: TaskReview) -> str:
    """Write what the advice changes in one document, as a JSON Patch (RFC 6902)."""
    return _written("history-patch", list(review.patch.operations))


def _written(name: str, content: Any) -> str:
    from taskgraph.reports.contract import to_json
    from taskgraph.reports.history_contract import HISTORY_OUTPUTS

    return to_json(HISTORY_OUTPUTS[name].checked(content), indent=2) + "\n"


def _content(result: HistoryResult) -> tuple[str, Plain]:
    """Give the name of the JSON document, and what is in it."""
    if isinstance(result, Statistics):
        return "history-stats", plain_data(result)
    if isinstance(result, TimeoutReview):
        return "history-timeouts", {
            "options": plain_data(result.options),
            "advice": plain_data(result.advice),
            "definitions": [_review(review) for review in result.tasks],
        }
    if isinstance(result, Odds):
        bins = [list(one) for one in result.bins]
        return "history-odds", _of_task(result) | {"bins": bins}
    if isinstance(result, Trends):
        return "history-trends", plain_data(result)
    if isinstance(result, Growths):
        return "history-compare", plain_data(result)
    if isinstance(result, Fit):
        return "budget-fit", {
            "task": _task(result.task),
            "window": result.window,
            "before": result.before.seconds,
            "after": result.after.seconds,
            "by_runs": result.by_runs,
            "lowered": plain_data(result.lowered),
            "cost": result.cost,
            "proven": result.proven,
            "is_exact": result.is_exact,
        }
    return "history-anomalies", {"runs": list(map(_of_task, result))}


def _task(task: Task) -> Plain:
    return {"file": task.origin.file, "id": task.id, "name": task.name}


def _of_task(result: Odds | Anomalies) -> Plain:
    content = {
        field.name: plain_data(getattr(result, field.name))
        for field in fields(result)
        if field.compare
    }
    return {"task": _task(result.task)} | content


def _review(review: TaskReview) -> Plain:
    patch = review.patch
    return _task(review.task) | {
        "changes": patch.changes,
        "before": patch.before and patch.before.seconds,
        "after": patch.after and patch.after.seconds,
        "was_bounded": patch.before and patch.before.is_bounded,
        "is_bounded": patch.after and patch.after.is_bounded,
        "advice": plain_data(review.advice),
    }


# --- CSV ---------------------------------------------------------------------------


def render_csv(result: HistoryResult) -> str:
    """Write a result as one table, nested values as ``outer.inner``.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, and one
    that the log of a CI service would take for a command a space inside.
    """
    rows = [_flat(row) for row in _rows(result)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    stream = io.StringIO()
    # Only what may end a line is quoted, and that is what the writer is told.
    writer = csv.DictWriter(stream, names, lineterminator="\r\n")
    lines = []
    heads: dict[str, object] = {name: name for name in names}
    for row in (heads, *rows):
        writer.writerow(row)
        lines.append(stream.getvalue().removesuffix("\r\n"))
        stream.seek(0)
        stream.truncate()
    return "".join(f"{line}\n" for line in lines)


def _rows(result: HistoryResult) -> Iterator[Plain]:
    match result:
        case Statistics():
            for kind in result.kinds:
                yield {"name": kind_name(kind.subtask)} | plain_data(kind)
        case TimeoutReview():
            for review in result.tasks:
                own: Plain = {"file": review.task.origin.file}
                yield from (own | plain_data(advice) for advice in review.advice)
            if not result.tasks:
                yield from map(plain_data, result.advice)
        case Odds():
            yield from _odds_rows(result)
        case Trends():
            yield from trend_rows(result)
        case Growths():
            for growth in result.tasks:
                own = {"task": growth.task}
                yield from (own | plain_data(step) for step in growth.steps)
        case Fit():
            yield from map(plain_data, result.lowered)
        case _:
            yield from _anomaly_rows(result)


def _anomaly_rows(runs: Sequence[Anomalies]) -> Iterator[Plain]:
    for run in runs:
        task = run.task
        own = {"file": task.origin.file, "task_id": task.id, "task": task.name}
        for one in run.found:
            yield own | plain_data(one) | {"sentence": departure(one)}


def _odds_rows(odds: Odds) -> Iterator[Plain]:
    """Give the answer, the quantiles and the subtasks as rows of one table."""
    answer = {name: getattr(odds.options, name) for name in ("window", "samples", "seed")}
    figures = ("runs", "probability", "low", "high", "late", "failed")
    for name in ("since", "no_forecast", *figures):
        answer[name] = plain_data(getattr(odds, name))
    yield {"row": "odds"} | _task(odds.task) | answer
    for one in odds.quantiles:  # times and probabilities in columns of their own
        times = {"value_us": one.value, "low_us": one.low, "high_us": one.high}
        yield {"row": "quantile", "share": one.share} | times | {"is_least": one.is_least}
    for subtask in sorted(odds.subtasks, key=lambda row: -row.criticality):
        yield {"row": "subtask"} | plain_data(subtask)


_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")


def _flat(row: Plain) -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{name}": item for name, item in value.items()}
        elif isinstance(value, list):
            flat[key] = _harmless(" ".join(map(str, value)))
        else:
            flat[key] = _harmless(value) if isinstance(value, str) else value
    return flat


def _harmless(text: str) -> str:
    if "::" in text or "##" in text:
        text = "".join(map(commandless, text.splitlines(keepends=True)))
    is_formula = text.startswith(("\t", "\r")) or text.lstrip().startswith(_FORMULA)
    return f"'{text}" if is_formula else text
