"""What happened to a task, in sentences: each one a claim with the values that prove it."""

from __future__ import annotations

from taskgraph.reports.explaining.explanation import Explanation, Section, explain
from taskgraph.reports.explaining.sentences import Piece, Place, Sentence

__all__ = ["Explanation", "Piece", "Place", "Section", "Sentence", "explain"]
