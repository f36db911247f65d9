"""A run as Trace Event JSON, which Perfetto and chrome://tracing open.

For runs that are too large for any picture: a process for the task, a track for what each
machine did, a slice for each run, an asynchronous one for each wait before it, arrows for
the dependencies. The form is that of Google's "Trace Event Format"; times are microseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from taskgraph.analysis.analysis import Analysis
from taskgraph.diagrams.layout.routing import lanes_of
from taskgraph.diagrams.scene import state_and_tone, subtask_facts
from taskgraph.diagrams.timeline_rows import without_times
from taskgraph.errors import RenderError
from taskgraph.model.engine import MICROSECOND, SECOND, Span, least_attempts, measured_span
from taskgraph.model.statuses import look, shown_status
from taskgraph.model.words import in_json, name_of, title_of, visible

_Event = dict[str, Any]
_TASK = 1  # the number of the only process
_WITHOUT_TARGET = "subtasks"
_COLOURS = {
    "failed": "terrible",
    "running": "thread_state_running",
    "canceling": "bad",
    "successful": "good",
    "skipped": "yellow",
    "undone": "grey",
}


def render_trace(analysis: Analysis) -> str:
    """Write what ran when; a plan by timeouts where nothing has run.

    Raises RenderError if nothing has run and there is no schedule.
    """
    spans = [measured_span(sub, analysis.as_of) for sub in analysis.graph.subtasks]
    if any(spans):
        origin = min(span.start for span in spans if span)
        times = {n: _micros(span, origin) for n, span in enumerate(spans) if span}
        begin: str | None = origin.isoformat()
    elif analysis.is_sound:
        plan = analysis.schedule
        pairs = zip(plan.early_start, plan.early_finish, strict=True)
        times = {n: (a * SECOND, b * SECOND) for n, (a, b) in enumerate(pairs)}
        begin, spans = None, [None] * len(times)
    else:
        raise RenderError(without_times(analysis.graph))
    track_of = _tracks(analysis, times)
    tracks = sorted(set(track_of.values()), key=lambda t: (t[0] == _WITHOUT_TARGET, t))
    numbers = {track: number for number, track in enumerate(tracks, start=1)}
    number = {node: numbers[track] for node, track in track_of.items()}
    events = [*_names(analysis, numbers), *_slices(analysis, spans, times, number)]
    events += _arrows(analysis, times, number)
    whole = {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {"task": title_of(analysis.task), "begin": begin},
    }
    return in_json(json.dumps(whole, ensure_ascii=False, separators=(",", ":"))) + "\n"


def _micros(span: Span, origin: datetime) -> tuple[int, int]:
    start = (span.start - origin) // MICROSECOND
    return start, max(start, (span.finish - origin) // MICROSECOND)


def _tracks(
    analysis: Analysis, times: dict[int, tuple[int, int]]
) -> dict[int, tuple[str, int]]:
    """Give each run a track of its target on which nothing else runs at that time."""
    nodes_of: dict[str, list[int]] = {}
    for node in sorted(times, key=lambda n: (*times[n], n)):
        nodes_of.setdefault(analysis.targets.get(node, _WITHOUT_TARGET), []).append(node)
    tracks: dict[int, tuple[str, int]] = {}
    for target, nodes in nodes_of.items():
        runs = (times[node] for node in nodes)
        lanes = lanes_of([(start, max(finish - 1, start)) for start, finish in runs])
        tracks |= {node: (target, lane) for node, lane in zip(nodes, lanes, strict=True)}
    return tracks


def _names(analysis: Analysis, numbers: dict[tuple[str, int], int]) -> Iterator[_Event]:
    named = {"ph": "M", "pid": _TASK, "ts": 0}
    title = {"name": title_of(analysis.task)}
    yield {**named, "name": "process_name", "tid": 0, "args": title}
    for (target, lane), number in numbers.items():
        text = {"name": target if not lane else f"{target} ({lane + 1})"}
        yield {**named, "name": "thread_name", "tid": number, "args": text}
        order = {"sort_index": number}
        yield {**named, "name": "thread_sort_index", "tid": number, "args": order}


def _slices(
    analysis: Analysis,
    spans: list[Span | None],
    times: dict[int, tuple[int, int]],
    number: dict[int, int],
) -> Iterator[_Event]:
    graph, is_plan = analysis.graph, analysis.task.is_definition
    run = analysis.as_run if analysis.is_sound else None
    path = frozenset(run.path if run is not None else ())
    for node, (start, finish) in times.items():
        subtask = graph.subtasks[node]
        ends = [times[up][1] for up in graph.upstreams[node] if up in times]
        waited = start - max(ends) if len(ends) == len(graph.upstreams[node]) > 0 else 0
        args = {
            "id": visible(str(subtask.id)),
            "state": state_and_tone(analysis, node)[0],
            "facts": ", ".join(subtask_facts(subtask, spans[node])),
            "attempts": analysis.attempts[node] if is_plan else least_attempts(subtask),
            "as-run path": node in path,
            "waited (s)": max(waited, 0) / SECOND,
        }
        event = {
            "ph": "X",
            "pid": _TASK,
            "tid": number[node],
            "ts": start,
            "dur": max(finish - start, 1),
            "name": name_of(subtask),
            "cat": "as-run path" if node in path else "run",
            "args": args,
        }
        colour = _COLOURS.get(look(shown_status(subtask)).tone)
        yield event if colour is None else {**event, "cname": colour}
        if waited > 0:
            wait = {**event, "cat": "wait", "name": f"wait: {event['name']}", "id": node}
            del wait["dur"], wait["args"]
            yield {**wait, "ph": "b", "ts": start - waited}
            yield {**wait, "ph": "e"}


def _arrows(
    analysis: Analysis, times: dict[int, tuple[int, int]], number: dict[int, int]
) -> Iterator[_Event]:
    """Lead an arrow over each dependency, from the last moment of a run to the first."""
    for place, (tail, head) in enumerate(analysis.graph.edges()):
        if tail in times and head in times:
            start, finish = times[tail]
            common = {"pid": _TASK, "cat": "dependency", "name": "then", "id": place}
            out = {"ph": "s", "tid": number[tail], "ts": max(start, finish - 1)}
            into = {"ph": "f", "bp": "e", "tid": number[head], "ts": times[head][0]}
            yield {**common, **out}
            yield {**common, **into}
