"""The library's face: load a saved document, ask about it, draw it.

Examples
--------
>>> import taskgraph
>>> loaded = taskgraph.load("samples/obproxy_stop.json")
>>> loaded.budget.seconds
8010
>>> [finding.name for finding in taskgraph.check(loaded).findings]
['work-after-point-of-no-return']
"""

from __future__ import annotations

from taskgraph.api import history
from taskgraph.api.analyses import Analysis, account, analyze, timetable, worst_case
from taskgraph.api.checking import (
    Checked,
    CheckStream,
    check,
    check_files,
    stream_checks,
)
from taskgraph.api.comparing import compare, compare_paths
from taskgraph.api.framing import to_frame
from taskgraph.api.loading import (
    Document,
    LoadedTask,
    load,
    load_all,
    loads,
    read_documents,
)
from taskgraph.api.writing import REPORTS, collect, render, report

__all__ = [
    "REPORTS",
    "Analysis",
    "CheckStream",
    "Checked",
    "Document",
    "LoadedTask",
    "account",
    "analyze",
    "check",
    "check_files",
    "collect",
    "compare",
    "compare_paths",
    "history",
    "load",
    "load_all",
    "loads",
    "read_documents",
    "render",
    "report",
    "stream_checks",
    "timetable",
    "to_frame",
    "worst_case",
]
