"""What the history of many documents says, as tables.

The results come as plain mappings, with the names that their layer gave the fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from taskgraph.model import format_duration, visible
from taskgraph.reports.history_odds import odds_report
from taskgraph.reports.history_tables import (
    Column,
    Section,
    TableReport,
    counted,
    percent,
    span,
)

__all__ = ["anomaly_report", "odds_report", "statistics_report", "timeouts_report"]

Plain: TypeAlias = Mapping[str, Any]

_NOTICEABLE = 0.05
"""A share of runs that fail at the timeout that is worth a word."""
_STATISTICS = (
    Column("name", "kind"),
    Column("seen", "seen", "count"),
    Column("failed", "fail", "count"),
    Column("retried", "retry", "count"),
    Column("skipped", "skip", "count"),
    Column("rolled_back", "rolled back", "count", is_extra=True),
    Column("run_us.p50", "p50", "us"),
    Column("run_us.p95", "p95", "us"),
    Column("run_us.p99", "p99", "us"),
    Column("run_us.max", "longest", "us"),
    Column("wait_us.p50", "wait p50", "us", is_extra=True),
    Column("wait_us.p95", "wait p95", "us"),
    Column("wait_us.p99", "wait p99", "us", is_extra=True),
    Column("wait_us.max", "longest wait", "us", is_extra=True),
    Column("timeout", "timeout", "seconds"),
    Column("used_ppm.max", "used", "ppm"),
)
_TIMEOUTS = (
    Column("subtask", "subtask"),
    Column("verdict", "advice", "word"),
    Column("timeout", "timeout", "seconds"),
    Column("advised", "advised", "seconds"),
    Column("runs", "runs", "count"),
    Column("longest_us", "longest", "us"),
    Column("confidence", "sure", "share"),
    Column("would_kill", "kills", "count"),
    Column("cut", "cut", "count"),
    Column("hung", "hung", "count"),
    Column("frees", "frees", "seconds"),
)
_ANOMALIES = (Column("kind", "what", "word"), Column("sentence", "departure"))


def statistics_report(found: Plain) -> TableReport:
    """Report on kinds of tasks and subtasks: a table for each kind of task."""
    sections = []
    for task, kinds in groupby(found["kinds"], key=lambda kind: kind["task"]):
        rows = [{"name": _name(kind)} | dict(kind) for kind in kinds]
        sections.append(Section(task, _STATISTICS, rows, "run_us", "timeout"))
    facts = [
        ("Documents", f"{found['documents']} looked at, {found['rejects']} unreadable"),
        ("Tasks", f"{found['tasks']}, from {counted(found['responses'], 'response')}"),
    ]
    notes = (
        "Times are of runs that provably ran once and did their work; all else is counted.",
        "wait: until the start, from the last upstream's end; of a task, its creation.",
        "used: the most of its timeout that a run took.",
    )
    return TableReport(
        kind="history-stats",
        title="Runs of tasks",
        facts=facts,
        sections=sections,
        notes=notes,
        content=found,
    )


def _name(kind: Plain) -> str:
    return "(the whole task)" if kind["subtask"] is None else str(kind["subtask"])


def timeouts_report(
    advice: Sequence[Plain], options: Plain, effects: Sequence[Plain] = ()
) -> TableReport:
    """Report the advice on timeouts: a table for each kind of task.

    Parameters
    ----------
    advice : sequence of mapping
    options : mapping
    effects : sequence of mapping
        For each definition, ``file``, ``id`` and ``name``, ``before`` and ``after`` in
        seconds, ``changes``, and the ``advice`` on its own timeouts.
    """
    groups: list[tuple[str, list[Plain]]]
    if effects:
        groups = [
            (_label(effect), [{"file": effect["file"], **one} for one in effect["advice"]])
            for effect in effects
        ]
    else:
        groups = [
            ("all kinds of tasks" if task is None else task, list(rows))
            for task, rows in groupby(advice, key=lambda one: one["task"])
        ]
    sections = [Section(title, _TIMEOUTS, rows) for title, rows in groups]
    shown = [one for _, rows in groups for one in rows]
    freed = sum(one["frees"] for one in shown if (one["frees"] or 0) > 0)
    share, confidence = percent(options["share"]), percent(options["confidence"])
    facts = [
        ("Promise", f"passes {share} of the healthy runs, with {confidence} confidence"),
        ("Margin", percent(options["margin"])),
        ("Frees", f"{format_duration(freed)} of an attempt of each, in sum"),
    ]
    facts += [(f"Budget of {effect['file']}", _effect(effect)) for effect in effects]
    return TableReport(
        kind="history-timeouts",
        title="Advice on timeouts",
        facts=facts,
        sections=sections,
        notes=list(_timeout_notes(shown)),
        content={"options": options, "advice": advice, "definitions": effects},
    )


def _label(task: Plain) -> str:
    """Name a task of a file."""
    name = f"{task['name']} {task['id'] if task['id'] is not None else ''}".strip()
    return f"{name} ({task['file']})"


def _effect(effect: Plain) -> str:
    changes = counted(effect["changes"], "change")
    if effect["before"] is None:
        return f"{changes}; the graph is not sound, so there is no budget"
    before, after = (format_duration(effect[name]) for name in ("before", "after"))
    return f"{changes}; the worst case goes from {before} to {after}"


def _timeout_notes(advice: Sequence[Plain]) -> list[str]:
    notes = [
        "sure: the confidence that the promise holds.",
        "kills: healthy runs that were measured and are longer than the advice.",
        "cut: runs that the timeout may have killed though they were healthy.",
    ]
    few = [one for one in advice if one["verdict"] == "too few runs"]
    if few:
        needed = few[0]["needed"]
        notes.append(
            f"Too few runs: that promise needs at least {needed} runs of a subtask, so "
            f"nothing is advised for {len(few)} of them."
        )
    notes += [
        f"{visible(one['subtask'])!r}: {counted(one['cut'], 'run')} may have been killed "
        "though healthy, so how long they take is not known. Raise it as a next step, and "
        "collect again."
        for one in advice
        if one["is_next_step"]
    ]
    for one in advice:
        if one["verdict"] == "look into it":
            notes.append(
                f"{visible(one['subtask'])!r}: no healthy run is known, and "
                f"{counted(one['cut'], 'run')} ended at the timeout. Raise it, or look "
                "into what the subtask does."
            )
        elif not one["is_next_step"] and _share_at_limit(one) > _NOTICEABLE:
            count = one["cut"] + one["hung"]
            notes.append(
                f"{visible(one['subtask'])!r}: {percent(_share_at_limit(one))} of its runs "
                f"({count}) failed at the timeout. Another timeout does not mend that: "
                "look into it."
            )
    if any(one["hung"] for one in advice):
        notes.append(
            "hung: failed at the timeout when every healthy run was over before half of it."
        )
    notes += [
        f"{visible(one['subtask'])!r}: {one['unknown']} were retried or skipped. Whether "
        "the timeout ended their first run is not known, so they do not count."
        for one in advice
        if one["unknown"]
    ]
    return list(dict.fromkeys(notes))


def _share_at_limit(one: Plain) -> float:
    failed: int = one["cut"] + one["hung"]
    runs: int = one["runs"]
    return failed / max(failed + runs, 1)


def anomaly_report(runs: Sequence[tuple[Plain, Plain]]) -> TableReport:
    """Report where runs depart from their kind, in words.

    Parameters
    ----------
    runs : sequence of (mapping, mapping)
        For each run ``file``, ``id`` and ``name``, and what was found.
    """
    sections = []
    facts = []
    table: list[Plain] = []
    for task, found in runs:
        label = _label(task)
        least = found["options"]["least_runs"]
        if found["others"] < least:
            known = counted(found["others"], "other run")
            few = f"only {known} to compare with; {least} are needed"
            facts.append((label, few))
            continue
        count = len(found["found"])
        facts.append(
            (label, f"{counted(count, 'departure')} from {found['others']} other runs")
        )
        rows = [dict(one) | {"sentence": _sentence(one)} for one in found["found"]]
        if rows:
            sections.append(Section(label, _ANOMALIES, rows))
        own = {"file": task["file"], "task_id": task["id"], "task": task["name"]}
        table += [own | row for row in rows]
    content = [{"task": task, **found} for task, found in runs]
    return TableReport(
        kind="history-anomalies",
        title="Departures from the usual",
        facts=facts,
        sections=sections,
        content={"runs": content},
        rows=table,
    )


def _sentence(one: Plain) -> str:
    """Say in words what departs and from what."""
    ids = ", ".join(map(str, one["ids"][:5])) + (", …" if len(one["ids"]) > 5 else "")
    who = f"{ids} {one['name']!r}".strip()
    others, alike = one["others"], one["alike"]
    value, usual, high = (
        None if one[key] is None else span(one[key])
        for key in ("value_us", "usual_us", "high_us")
    )
    took = "has been running for" if one["is_running"] else "took"
    same = f"{alike or 'none'} of {counted(others, 'other run')}"
    sentences = {
        "slow": f"{who} {took} {value}; usual are {usual}, at most {high} with few "
        f"exceptions; {same} took as long",
        "fast": f"{who} took only {value}; usual are {usual}, at least {high} with few "
        f"exceptions; {same} were as short",
        "waited long": f"{who} could have started {value} earlier; usual are {usual}, at "
        f"most {high} with few exceptions; {same} waited as long",
        "failed": f"{who} failed; {same} did",
        "retried": f"{who} was started {one['attempts']} times; {same} were retried",
        "skipped": f"{who} was skipped; {same} were",
        "out of order": f"{who} started before {one['other_name']!r}; {same} did",
        "new": f"{who} is new: {same} have it",
        "missing": f"{who} is missing; {same} lack it",
    }
    return sentences[one["kind"]]
