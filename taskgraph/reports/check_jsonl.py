"""The findings as JSON Lines: one line each, for tools that read a stream."""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks import AnyRun
from taskgraph.checks.baseline import fingerprints
from taskgraph.reports.check_contract import CHECK_LINE, CheckLine, FoundTask
from taskgraph.reports.check_json import (
    finding_json,
    summary_json,
    to_json,
    unreadable_json,
)

__all__ = ["render_check_jsonl", "stream_check_jsonl"]


def render_check_jsonl(run: AnyRun) -> str:
    """Write a run as JSON Lines; see :func:`stream_check_jsonl`."""
    return "".join(stream_check_jsonl(run))


def stream_check_jsonl(run: AnyRun) -> Iterator[str]:
    """Write a line for each finding and each unreadable document, and a summary last.

    Every line is an object whose ``kind`` says what it is: ``finding``, ``unreadable`` or
    ``summary``. Findings and unreadable documents have the properties that they have in
    the JSON output, a finding also the ``task`` that it is about.
    """
    return (f"{to_json(CHECK_LINE.checked(line))}\n" for line in _lines(run))


def _lines(run: AnyRun) -> Iterator[CheckLine]:
    for result in run.results:
        task: FoundTask = {"id": result.task_id, "name": result.task_name}
        prints = fingerprints(result.findings)
        for finding, fingerprint in zip(result.findings, prints, strict=True):
            row = finding_json(finding, fingerprint)
            yield {"kind": "finding", "task": task, **row}
    for error in run.unreadable:
        yield {"kind": "unreadable", **unreadable_json(error)}
    yield {
        "kind": "summary",
        "version": 1,
        "tool_version": run.version,
        **summary_json(run),
    }
