"""When a running task is likely done, and what is slow in it, by past runs."""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.analysis.analysis import Analysis
from taskgraph.analysis.past import Forecast, Foreseen
from taskgraph.model.words import percent, plural
from taskgraph.reports.explaining.sentences import (
    Clock,
    Count,
    Moment,
    Own,
    Place,
    Sentence,
    Subtasks,
    Value,
    worded,
)

__all__ = ["likely", "slow"]


def likely(analysis: Analysis) -> Iterator[Sentence]:
    """Say by when half, and nine of ten, of the runs alike would be done."""
    forecast, as_of = analysis.forecast, analysis.as_of
    if forecast is None or as_of is None:
        return
    values: dict[str, Value] = {"runs": Count(forecast.runs, "past run")}
    if forecast.half is None or forecast.most is None:
        yield _unknown(forecast, values)
        return
    half, most = (_by(name, getattr(forecast, name)) for name in ("half", "most"))
    values |= {
        "half": Moment(forecast.half.moment, as_of),
        "most": Moment(forecast.most.moment, as_of),
    }
    template = (
        f"Going by {{runs}}, it is likely done {half} (half of what is alike), nine of ten "
    )
    template += f"{most}, where nothing fails"
    if forecast.failing:
        values["failing"] = Own(percent(forecast.failing, 1))
        template += "; {failing} of them fail"
    yield Sentence("likely", f"{template}.", values)


def _by(name: str, foreseen: Foreseen) -> str:
    return f"by {{{name}}}{' or later' if foreseen.is_least else ''}"


def _unknown(forecast: Forecast, values: dict[str, Value]) -> Sentence:
    template = "When it is likely done cannot be told: "
    if forecast.guessed:
        template += worded(
            "{subtasks} [has no past run as long|have no past runs as long].",
            len(forecast.guessed),
        )
        values = {"subtasks": Subtasks(forecast.guessed)}
    elif forecast.runs < forecast.needed:
        are = plural(forecast.runs, "is", "are")
        template += f"{{runs}} {are} like it, and {{needed}} are needed."
        values = values | {"needed": Count(forecast.needed)}
    else:
        template += "by {runs} all that is alike would fail."
    return Sentence("likely-unknown", template, values)


def slow(analysis: Analysis) -> Iterator[Sentence]:
    """Name what runs for longer than is usual in its kind, with the evidence."""
    for one in analysis.slow:
        values: dict[str, Value] = {"shorter": Count(one.shorter)}
        most = "{shorter} of" if one.shorter < one.others else "each of"
        template = (
            f"{{subtask}} is slow for its kind: it has run {{ran}}, longer than {most} "
            "{others}, half of which took at most {usual}."
        )
        values |= {
            "subtask": Subtasks((one.node,)),
            "ran": Clock(one.ran),
            "others": Count(one.others, "past run"),
            "usual": Clock(one.usual),
        }
        yield Sentence("slow", template, values, Place.PARAGRAPH)
