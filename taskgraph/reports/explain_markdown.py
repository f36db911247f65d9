"""The explanation of a task as Markdown, for a wiki or a tracker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from taskgraph.graph import TaskGraph
from taskgraph.model.words import title_of
from taskgraph.reports.explaining.sentences import Explanation, Place, Section, Sentence
from taskgraph.reports.markdown import code_block, escaped

__all__ = ["explain_markdown", "section_markdown", "sentences_markdown"]


def explain_markdown(explanation: Explanation) -> str:
    """Write an explanation as Markdown.

    Returns
    -------
    str
        A document with one heading of level 2 and one of level 3 for each section.
    """
    graph = explanation.graph
    name = escaped(title_of(graph.task))
    parts = [f"## {name}", f"**{sentences_markdown(graph, explanation.verdict)}**"]
    for section in explanation.sections:
        parts += [f"### {section.title}", section_markdown(graph, section)]
    return "\n\n".join(parts) + "\n"


def section_markdown(graph: TaskGraph, section: Section) -> str:
    """Write what is said in a section, without its title."""
    return "\n".join(_blocks(graph, section)).strip("\n")


def sentences_markdown(graph: TaskGraph, sentences: Iterable[Sentence]) -> str:
    """Write sentences one after the other."""
    return " ".join(_sentence(graph, sentence) for sentence in sentences)


def _blocks(graph: TaskGraph, section: Section) -> Iterator[str]:
    """Give the blocks; items of a list follow each other without a blank line."""
    last = None
    for block in section.blocks():
        if block.place is Place.LOG:
            lines = (str(sentence.values["line"]) for sentence in block.sentences)
            fenced = code_block(lines)
            indent = "  " if last is Place.ITEM else ""
            yield "\n" + "\n".join(f"{indent}{line}" for line in fenced.split("\n")) + "\n"
            continue
        if last is not block.place or block.place is Place.PARAGRAPH:
            yield ""
        text = sentences_markdown(graph, block.sentences)
        yield f"- {text}" if block.place is Place.ITEM else text
        last = block.place


def _sentence(graph: TaskGraph, sentence: Sentence) -> str:
    return "".join(
        piece.text if piece.is_own else escaped(piece.text)
        for piece in sentence.pieces(graph)
    )
