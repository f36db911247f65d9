"""The explanation of a task as text."""

from __future__ import annotations

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.reports.explaining.sentences import Block, Explanation, Place, Sentence
from taskgraph.reports.text.console import Facts, Style, facts, to_text

_WIDEST = 100


def explain_text(explanation: Explanation, style: Style) -> str:
    """Write an explanation for a terminal, in lines that are easy to read."""
    graph = explanation.graph
    parts: list[RenderableType] = [_words(graph, explanation.verdict, bold=True)]
    brief: Facts = [
        (line.title, _words(graph, line.sentences)) for line in explanation.brief
    ]
    parts.append(facts(brief, style="bold"))
    for section in explanation.sections:
        parts += ["", Text(section.title, style="bold")]
        parts += [_block(graph, block) for block in section.blocks()]
    return to_text(parts, Style(min(style.width, _WIDEST), style.color))


def _block(graph: TaskGraph, block: Block) -> RenderableType:
    if block.place is Place.LOG:
        lines = Text("\n".join(sentence.text(graph) for sentence in block.sentences))
        lines.stylize("dim")
        return Padding(lines, (0, 0, 0, 6))
    words = _words(graph, block.sentences)
    if block.place is Place.PARAGRAPH:
        return Padding(words, (0, 0, 0, 2))
    return facts([("  -", words)], style="", gap=1)


def _words(
    graph: TaskGraph, sentences: tuple[Sentence, ...], *, bold: bool = False
) -> Text:
    text = Text(style="bold" if bold else "")
    for sentence in sentences:
        if text:
            text.append(" ")
        for piece in sentence.pieces(graph):
            text.append(piece.shown, style="cyan" if piece.nodes else "")
    return text
