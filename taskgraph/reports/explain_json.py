"""The explanation of a task as JSON: each claim with the values that it makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskgraph.graph import TaskGraph
from taskgraph.reports.explaining.sentences import Explanation, Sentence

if TYPE_CHECKING:
    from taskgraph.reports.contract import ExplainContent, ExplainSentence

__all__ = ["explain_json"]


def explain_json(explanation: Explanation) -> ExplainContent:
    """Give an explanation for programs.

    Returns
    -------
    dict
        ``verdict`` and ``sections`` with their sentences; each has its ``claim``, the
        ``text`` and the ``values`` in it, durations in the unit that their name ends in.
    """
    graph = explanation.graph
    task = graph.task
    return {
        "file": task.origin.file,
        "pointer": task.origin.pointer,
        "id": task.id,
        "name": task.name,
        "status": task.status,
        "verdict": _sentences(graph, explanation.verdict),
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "sentences": _sentences(graph, section.sentences),
            }
            for section in explanation.sections
        ],
    }


def _sentences(graph: TaskGraph, sentences: tuple[Sentence, ...]) -> list[ExplainSentence]:
    return [
        {
            "claim": sentence.claim,
            "text": sentence.text(graph),
            "values": sentence.data(graph),
        }
        for sentence in sentences
    ]
