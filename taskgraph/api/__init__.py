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

from taskgraph.api.checking import Checked, CheckStream, check, check_files, stream_checks
from taskgraph.api.comparing import compare, compare_paths
from taskgraph.api.loading import (
    ConfigurationFor,
    Document,
    LoadedTask,
    load,
    load_all,
    loads,
    read_documents,
    redacted,
)
from taskgraph.api.writing import (
    HISTORY_FORMS,
    REPORTS,
    postmortem_of,
    render,
    report,
    report_history,
    report_pieces,
    to_frame,
)

__all__ = [
    "HISTORY_FORMS",
    "REPORTS",
    "CheckStream",
    "Checked",
    "ConfigurationFor",
    "Document",
    "LoadedTask",
    "check",
    "check_files",
    "compare",
    "compare_paths",
    "load",
    "load_all",
    "loads",
    "postmortem_of",
    "read_documents",
    "redacted",
    "render",
    "report",
    "report_history",
    "report_pieces",
    "stream_checks",
    "to_frame",
]
