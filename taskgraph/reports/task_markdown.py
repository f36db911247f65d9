"""A task as Markdown, for a wiki or a tracker: explanation and whole postmortem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from taskgraph.analysis.analysis import Analysis
from taskgraph.diagrams.formats import render
from taskgraph.diagrams.options import DiagramOptions
from taskgraph.graph.taskgraph import TaskGraph
from taskgraph.model.durations import format_duration
from taskgraph.model.statuses import DEFINITION, shown_status, status_name
from taskgraph.model.task import Task
from taskgraph.model.words import (
    UNCOUNTED,
    and_more,
    counted,
    id_list,
    listed,
    name_of,
    title_of,
)
from taskgraph.reports.comparison import change_items
from taskgraph.reports.explaining.explanation import explain, headline
from taskgraph.reports.explaining.sentences import Explanation, Place, Section, Sentence
from taskgraph.reports.markdown import code_block, escaped, table
from taskgraph.reports.results import Account, Postmortem, figures, off_path_lines

_ANSWERS = 4  # title, verdict, the lines in short and the figures: they come first
_MOST_ROWS = 30
_MOST_FINDINGS = 50
_MOST_DRAWN = 60  # subtasks; larger diagrams nobody can read
_TIMES = ("Timeout", "Start", "End", "Float", "Drag")


def report_markdown(postmortem: Postmortem, options: DiagramOptions) -> str:
    """Write the postmortem of one or several tasks as Markdown, collapsed as asked."""
    several = len(postmortem.told) > 1
    parts: list[str] = []
    if several:
        parts += [f"# {counted(len(postmortem.told), 'task')}", *_index(postmortem.told)]
    if postmortem.unreadable:
        messages = (message.replace("\n", " ") for message in postmortem.unreadable)
        parts += ["## Not read", _items(map(escaped, messages))]
    for account in postmortem.told:
        told = list(_task(account, "##" if several else "#", options))
        parts += told[:_ANSWERS]
        if postmortem.change is not None:
            parts += ["## What changed", change_items(postmortem.change) or "Nothing."]
        parts += told[_ANSWERS:]
    return "\n\n".join(parts) + "\n"


def _items(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _index(accounts: Iterable[Account]) -> Iterator[str]:
    rows = (
        (
            escaped(name_of(account.graph.task)),
            escaped(_status(account.graph.task)),
            sentences_markdown(account.graph, headline(account)),
            counted(len(account.checked.findings)),
        )
        for account in accounts
    )
    yield table(("Task", "Status", "Verdict", "Findings"), rows, numbers=1)


def _status(task: Task) -> str:
    return DEFINITION if task.is_definition else status_name(task.status)


def _task(account: Account, level: str, options: DiagramOptions) -> Iterator[str]:
    graph, explanation = account.graph, explain(account)
    yield f"{level} {escaped(title_of(graph.task))}"
    yield f"**{sentences_markdown(graph, explanation.verdict)}**"
    yield brief_markdown(explanation)
    yield table(("", ""), _figures(account))
    for section in explanation.sections:
        yield f"{level}# {section.title}"
        yield section_markdown(graph, section)
    if 1 < len(graph) <= _MOST_DRAWN:
        yield f"{level}# Diagram"
        mermaid = str(render(account.analysis, "mermaid", options))
        yield code_block(mermaid.splitlines(), "mermaid")
    if account.sound is not None and len(graph):
        yield from _schedule(account.sound, level)
    yield from _findings(account, level)


def _figures(account: Account) -> Iterator[tuple[str, str]]:
    for figure in figures(account):
        note = f" ({escaped(figure.note)})" if figure.note else ""
        yield figure.label, f"**{escaped(figure.value)}**{note}"


def _schedule(sound: Analysis, level: str) -> Iterator[str]:
    graph, times = sound.graph, sound.budget.schedule
    path = times.critical_path
    yield f"{level}# Critical path"
    length = f"{format_duration(times.makespan)} by their timeouts"
    if sound.unknown is not None:
        length = f"length not known: {sound.unknown}"
    elif sound.stand_in is not None:
        length += f", with {sound.stand_in} where there is none"
    elif not sound.budget.is_bounded:
        length += UNCOUNTED
    share = f"{counted(len(path))} of {counted(len(graph))} subtasks"
    yield f"{share}, {length}."
    yield from _rows(sound, [(node,) for node in path])
    if rest := off_path_lines(graph, times):
        yield "Not on it, the tightest first:"
        yield from _rows(sound, rest)


def _rows(sound: Analysis, lines: Sequence[tuple[int, ...]]) -> Iterator[str]:
    """Write the first lines as a table, and say how many more there are."""
    graph, times, targets = sound.graph, sound.budget.schedule, sound.targets
    rows, is_plan = [], graph.task.is_definition
    for nodes in lines[:_MOST_ROWS]:
        node = nodes[0]
        subtask = graph.subtasks[node]
        numbers = (
            times.early_start[node],
            times.early_finish[node],
            times.total_float[node],
            sound.drags[node],
        )
        limit = format_duration(subtask.timeout) if subtask.timeout else "none"
        identifier, name = str(subtask.id), subtask.name
        if len(nodes) > 1:
            identifier = id_list([graph.subtasks[node] for node in nodes])
            name = f"{counted(len(nodes))} × {name}"
        texts = [identifier, name]
        if targets:
            hosts = dict.fromkeys(targets[node] for node in nodes if node in targets)
            texts.append(listed(hosts))
        if not is_plan:
            texts.append(status_name(shown_status(subtask)))
        rows.append((*map(escaped, texts), limit, *map(format_duration, numbers)))
    more = ["Works on"] * bool(targets) + ["Status"] * (not is_plan)
    yield table(("Subtask", "Name", *more, *_TIMES), rows, numbers=len(_TIMES))
    yield from _more(lines, _MOST_ROWS)


def _more(items: Sequence[object], shown: int) -> Iterator[str]:
    if len(items) > shown:
        yield f"{and_more(len(items) - shown, 'And')}."


def _findings(account: Account, level: str) -> Iterator[str]:
    findings = account.checked.findings
    yield f"{level}# Findings"
    if not findings:
        yield "The checks found nothing."
        return
    yield _items(
        f"**{finding.severity}** {finding.code} {finding.name}: {escaped(finding.message)}"
        for finding in findings[:_MOST_FINDINGS]
    )
    yield from _more(findings, _MOST_FINDINGS)


def explain_markdown(explanation: Explanation) -> str:
    """Write an explanation as Markdown: a heading of level 2, and 3 for each section."""
    graph = explanation.graph
    name = escaped(title_of(graph.task))
    parts = [f"## {name}", f"**{sentences_markdown(graph, explanation.verdict)}**"]
    parts += [brief_markdown(explanation)] if explanation.brief else []
    for section in explanation.sections:
        parts += [f"### {section.title}", section_markdown(graph, section)]
    return "\n\n".join(parts) + "\n"


def brief_markdown(explanation: Explanation) -> str:
    """Write the lines that answer in short as a list."""
    graph = explanation.graph
    return _items(
        f"**{line.title}:** {sentences_markdown(graph, line.sentences)}"
        for line in explanation.brief
    )


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
    pieces = sentence.pieces(graph)
    return "".join(piece.text if piece.is_own else escaped(piece.text) for piece in pieces)
