"""What every bound on a task's time rests on."""

from __future__ import annotations

from taskgraph.analysis.analysis import Analysis
from taskgraph.model.durations import format_duration
from taskgraph.model.engine import DISPATCH_SECONDS
from taskgraph.model.words import counted, listed, plural
from taskgraph.reports.explaining.sentences import (
    Count,
    Duration,
    Place,
    Sentence,
    Value,
)

__all__ = ["assumes", "assumptions", "assumptions_in_short", "by_default"]


def by_default(analysis: Analysis) -> str:
    """Say of a bound on a DAG of obshell what stands for the timeouts that it lacks."""
    lacks = analysis.task.origin.dialect == "obshell" and not analysis.tells_timeouts
    if lacks and analysis.settings.assume_timeout is None:
        return " by obshell's default"
    return ""


def _stands_for(analysis: Analysis) -> int | None:
    """Give what the settings let stand for timeouts, if any is missing."""
    return analysis.settings.assume_timeout if analysis.assumed else None


def assumptions(analysis: Analysis) -> Sentence:
    """Name what is assumed, and what is not counted."""
    settings, values = analysis.settings, dict[str, Value]()
    assumed = ["that the engine goes on and keeps its deadlines", "that no cancel hangs"]
    if analysis.workers:
        values["workers"] = Count(analysis.workers, "worker")
        assumed.append("that the task has the server's {workers} to itself")
    if analysis.slots:
        values["slots"] = Count(analysis.slots)
        one = plural(analysis.slots, "is", "are")
        assumed.append(f"that at most {{slots}} of its subtasks {one} in flight")
    asked = "that nobody intervenes"
    if analysis.tally.failed:
        asked += " but to retry at once all else that failed"
    assumed.append(asked)
    extra = ["automatic retries" if settings.attempts == 1 else "further retries"]
    if not settings.overhead:
        values["hop"] = Duration(DISPATCH_SECONDS)
        extra.append("polls, up to {hop} from one subtask to the next")
    text = f"Each 'at most' assumes {listed(assumed)}. Not counted are {listed(extra)}."
    if (stands_for := _stands_for(analysis)) is not None:
        values["each"] = Duration(stands_for)
        text += " What has no timeout is counted with {each}."
    return Sentence("assumptions", text, values, Place.PARAGRAPH)


def assumes(analysis: Analysis) -> Sentence:
    """Say in one short line what the bounds rest on of what may be done now."""
    asked = "all retried at once" if analysis.tally.failed else "nobody intervenes"
    words = ["Deadlines kept", asked, *(["workers free"] if analysis.workers else [])]
    values = dict[str, Value]()
    if (stands_for := _stands_for(analysis)) is not None:
        values["each"] = Duration(stands_for)
        words.append("{each} where there is no timeout")
    words.append("no more retries")
    if not analysis.settings.overhead:
        words[-1] = "no polls or more retries"
    return Sentence("assumes", f"{', '.join(words)}.", values)


def assumptions_in_short(analysis: Analysis) -> str:
    """Say the same in a line beside figures."""
    words = ["deadlines kept", "no cancel hangs", "the engine goes on", "nobody intervenes"]
    if (stands_for := _stands_for(analysis)) is not None:
        words.append(f"{format_duration(stands_for)} where there is no timeout")
    if analysis.workers:
        words.append(f"alone on {counted(analysis.workers, 'worker')}")
    if analysis.slots:
        words.append(f"at most {analysis.slots} in flight")
    words.append("further retries not counted")
    if not analysis.settings.overhead:
        words.append("polls not counted")
    return ", ".join(words)
