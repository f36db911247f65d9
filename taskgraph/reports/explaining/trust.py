"""What in the document is inconsistent, and so not to be trusted."""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks import Finding
from taskgraph.model.words import plural
from taskgraph.reports.explaining.sentences import Count, Place, Sentence
from taskgraph.reports.explaining.verdict import STALLED
from taskgraph.reports.results import Account
from taskgraph.settings import Severity

__all__ = ["trust"]

_MOST = 8
_CONSISTENCY = ("TG1", "TG2", "TG3", "TG402", "TG403", "TG504", "TG6")
"""The rules that a document breaks by contradicting itself or the engine."""


def trust(account: Account) -> Iterator[Sentence]:
    """Name what the document contradicts itself in, and what that takes away."""
    graph = account.graph
    if graph.flaws and not graph.task.is_summary:
        template = "Paths and times cannot be told: {flaws}."
        reasons = "; ".join(graph.flaws)
        yield Sentence("flaws", template, {"flaws": reasons}, Place.PARAGRAPH)
    doubts = [finding for finding in account.checked.findings if _is_doubt(finding)]
    for finding in doubts[:_MOST]:
        values = {"rule": finding.code, "message": finding.message.rstrip(".")}
        yield Sentence("inconsistent", "{message} ({rule}).", values, Place.ITEM)
    if hidden := len(doubts) - _MOST if len(doubts) > _MOST else 0:
        verb = plural(hidden, "finding", "findings")
        template = f"{{count}} more {verb} of this kind."
        yield Sentence("more-inconsistent", template, {"count": Count(hidden)}, Place.ITEM)


def _is_doubt(finding: Finding) -> bool:
    loud = finding.severity >= Severity.WARNING and finding.code != STALLED
    return loud and finding.code.startswith(_CONSISTENCY)
