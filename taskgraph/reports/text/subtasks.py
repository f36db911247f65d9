"""The subtasks of a task as a table: where each stands, how long it took and may take.

The rows are the graph as an indented list: what runs after what, in lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from rich.console import RenderableType
from rich.text import Text

from taskgraph.model.durations import format_duration, format_measured
from taskgraph.model.engine import goes_on, least_attempts, measured_span
from taskgraph.model.statuses import (
    ROLLED_BACK,
    SKIPPED,
    URGENT,
    addition,
    count_shown,
    look,
    severity_key,
    shown_status,
    status_name,
)
from taskgraph.model.task import STATUSES, Status
from taskgraph.model.words import and_more, counted, id_list, name_of, visible
from taskgraph.reports.results import UNSPLIT, Account
from taskgraph.reports.text.console import ids_cell, plain_table, status_text
from taskgraph.reports.text.outline import MOST_LEVELS, OutlineRow, outline

_MOST_ROWS = 40
_MOST_PARTS = 5  # of a split, that are shown under it
_BACK: Final = look(ROLLED_BACK).sign
_MARKS: Final = {
    "blocked": "‖",
    "overdue": "!",
    "cancelled": look(Status.CANCELING).sign,
    "rollback skipped": look(SKIPPED).sign,
}
"""What stands for an addition to a status where its words have no room, if not `_BACK`."""
_WITH_TIMES, _WITH_STATUS = 48, 72  # columns, from such widths on
_NAME = 20  # cells that names get before the timeouts do, with their place in the tree
_SHORT = 8  # cells that names keep at least, where all else can give way
_WIDE = 100  # from here on the parts of a split may have the words of their states
_ORDINARY = STATUSES - {*URGENT}


class _Row(NamedTuple):
    """A line: a subtask, the parts of a split, or one of them under the others.

    Or, where `more` is not 0, that there are so many more of them.
    """

    line: OutlineRow
    is_part: bool = False
    more: int = 0


def subtask_overview(account: Account, width: int) -> list[RenderableType]:
    """Lay out the subtasks; narrow terminals have fewer columns, and signs for words."""
    table = _SubtaskTable(account, width)
    lines = outline(account.graph)
    chosen = _chosen(account, lines)
    rows = [row for line in chosen for row in table.split(line)]
    hidden = len(account.graph) - sum(len(line.nodes) for line in chosen)
    parts: list[RenderableType] = [table.laid_out(rows)]
    if hidden:
        parts.append(Text(f"… and {hidden:,} more subtasks", style="dim"))
    if legend := table.legend([row.line.nodes for row in rows if not row.more]):
        parts.append(Text("   ".join(legend), style="dim"))
    return parts


def _chosen(account: Account, rows: Sequence[OutlineRow]) -> Sequence[OutlineRow]:
    """Choose the rows that matter most, in their order."""
    if len(rows) <= _MOST_ROWS:
        return rows
    subtasks, critical = account.graph.subtasks, account.critical

    def importance(number: int) -> tuple[int, bool, int]:
        nodes = rows[number].nodes
        ranks = (look(subtasks[node].status).rank for node in nodes)
        return (min(ranks), critical.isdisjoint(nodes), number)

    chosen = sorted(range(len(rows)), key=importance)[:_MOST_ROWS]
    return [rows[number] for number in sorted(chosen)]


class _SubtaskTable:
    """Which columns there are, and what stands in them."""

    def __init__(self, account: Account, width: int) -> None:
        graph = account.graph
        self.account, self.graph, self.width = account, graph, width
        self.targets = account.analysis.targets
        self.is_plan = graph.task.is_definition
        self.has_status = width >= _WITH_STATUS and not self.is_plan
        self.is_wide = width >= _WIDE
        told = any(subtask.timeout is not None for subtask in graph.subtasks)
        self.has_timeout = width >= _WITH_TIMES and told
        moment = account.as_of
        spans = [measured_span(subtask, moment) for subtask in graph.subtasks]
        self.spans = [span if span and span.microseconds >= 0 else None for span in spans]
        self.has_times = width >= _WITH_TIMES and any(self.spans)
        self.blocked = account.analysis.blocked
        self.overdue = account.analysis.overdue
        self.levels = MOST_LEVELS
        self.is_cut = False  # the lines of some row

    def laid_out(self, rows: Sequence[_Row]) -> RenderableType:
        """Write the rows, with the columns for which there is room."""
        self._choose_columns(rows)
        self._choose_levels(rows)
        table = plain_table()
        for title in self._titles():
            if title == "subtask":  # alone gives up room: its cells are cut, never an id
                table.add_column(title)
            elif title in ("took", "timeout"):
                table.add_column(title, justify="right", no_wrap=True)
            else:
                table.add_column(title, no_wrap=True, min_width=0 if title else 2)
        for row in rows:
            table.add_row(*self._cells(row))
        return table

    def _choose_columns(self, rows: Sequence[_Row]) -> None:
        """Take signs for the states of a split, then leave out columns, until all fits.

        Names that would be cut short take the room of the timeouts; that of the statuses,
        which then stand before the names, and of the times only where nothing else would
        be whole.
        """
        wide, status, timeout = self.is_wide, self.has_status, self.has_timeout
        for self.is_wide, self.has_status, self.has_timeout, least in (
            (wide, status, timeout, _NAME),
            (False, status, timeout, _NAME),
            (wide, status, False, _NAME),
            (False, status, False, _SHORT),
            (False, False, False, _SHORT),
        ):
            if self._leaves_room(rows, least):
                return
        self.has_times = False

    def _choose_levels(self, rows: Sequence[_Row]) -> None:
        """Draw so many branches one within the other that every name has its room."""
        room = self.width - 4 - self._beside(rows)
        while self.levels > 1 and any(self._least(row, _NAME) > room for row in rows):
            self.levels -= 1
        self.is_cut = any(row.line.depth > self.levels for row in rows)

    def _leaves_room(self, rows: Sequence[_Row], least: int) -> bool:
        """Tell whether all columns leave so much of the names, and what is before them."""
        levels, self.levels = self.levels, 1
        bare = max(self._least(row, _SHORT) for row in rows)
        self.levels = levels
        name = max(self._title(row).cell_len for row in rows if not row.more)
        return 4 + max(bare, min(name, least)) + self._beside(rows) <= self.width

    def _beside(self, rows: Sequence[_Row]) -> int:
        """Give the cells of what stands beside marks and names."""
        _, _, *titles = self._titles()
        cells = [self._cells(row)[2:] for row in rows if not row.more]
        return sum(
            2 + max([len(title), *(row[column].cell_len for row in cells)])
            for column, title in enumerate(titles)
        )

    def _least(self, row: _Row, name: int) -> int:
        """Give the cells that a title takes with so much of its name."""
        before = self._indent(row).cell_len + self._sign(row).cell_len
        return before + min(self._name(row).cell_len, name)

    def _titles(self) -> list[str]:
        return [
            *("", "subtask", "id"),
            *["status"] * self.has_status,
            *["took"] * self.has_times,
            *["timeout"] * self.has_timeout,
        ]

    def split(self, line: OutlineRow) -> list[_Row]:
        """Put under a split those of its parts that are not as they should be.

        What failed or is overdue comes first; where neither is and all stand alike, the
        line of the split says it all.
        """
        rows = [_Row(line)]
        if len(line.nodes) == 1:
            return rows
        subtasks, late = self.graph.subtasks, self.overdue
        bad = {n for n in line.nodes if subtasks[n].status == Status.FAILED or n in late}
        if not bad and len(set(map(self._state, line.nodes))) == 1:
            return rows
        odd = [n for n in line.nodes if subtasks[n].status not in _ORDINARY or n in bad]
        odd.sort(key=lambda node: (node not in bad, severity_key(subtasks[node].status)))
        rows += [
            _Row(replace(line, nodes=(node,), waits_for=()), is_part=True)
            for node in odd[:_MOST_PARTS]
        ]
        if more := len(odd[_MOST_PARTS:]):
            rows.append(_Row(line, is_part=True, more=more))
        return rows

    def legend(self, rows: Sequence[tuple[int, ...]]) -> list[str]:
        """Say what the marks mean that stand in rows of such nodes."""
        nodes = [node for row in rows for node in row]
        words = []
        if not self.account.critical.isdisjoint(nodes):
            words.append("● on a critical path")
        if not self.account.gates.isdisjoint(nodes):
            words.append("◆ point of no return")
        if self.is_cut:
            words.append("…9├ 9 branches deep, and so on")
        several = {node for row in rows if len(row) > 1 for node in row}
        if any(self._attempts(row[0]) for row in rows if len(row) == 1):
            words.append("×2 started twice, and so on")
        took = "".join(map(self._took, rows)) if self.has_times else ""
        if "*" in took:
            words.append("* may hold pauses between attempts, or a rollback")
        if "≤" in took:
            words.append("≤ the longest of them")
        if "+" in took:
            words.append("+ so far")
        parts = set(map(self._state, several))
        for name, more in sorted(set(map(self._state, nodes)), key=_by_severity):
            if more and ((name, more) in parts or not self._has_words(more)):
                sign = "" if more in ("blocked", "overdue") else look(name).sign
                words.append(f"{sign}{_MARKS.get(more, _BACK)} {more}")
        signs = several if self.has_status else {*nodes}
        if not self.is_plan and not (self.has_status and self.is_wide):
            subtasks = [self.graph.subtasks[node] for node in signs]
            words += [status_text(name).plain for name, _ in count_shown(subtasks)]
        return [word.replace(" ", "\u00a0") for word in dict.fromkeys(words)]

    def _cells(self, row: _Row) -> list[Text]:
        if row.more:
            return [Text(""), self._title(row)]
        nodes = row.line.nodes
        marks = " " if self.account.critical.isdisjoint(nodes) else "●"
        marks += " " if self.account.gates.isdisjoint(nodes) else "◆"
        cells = [
            Text("" if row.is_part else marks),
            self._title(row),
            ids_cell([self.graph.subtasks[node] for node in nodes], self.width),
        ]
        if self.has_status:
            cells.append(self._states(nodes))
        if self.has_times:
            cells.append(Text(self._took(nodes)))
        if self.has_timeout:
            cells.append(Text(self._limit(nodes)))
        return cells

    def _title(self, row: _Row) -> Text:
        """Give the name behind its place in the tree."""
        return self._indent(row).append_text(self._sign(row)).append_text(self._name(row))

    def _indent(self, row: _Row) -> Text:
        """Begin a title with the place in the tree: how deep, where not all lines fit."""
        line = row.line
        drawn = min(line.depth, self.levels)
        bars = line.bars[: max(drawn - 1, 0)]
        indent = "".join("│  " if goes_on else "   " for goes_on in bars)
        if line.depth:
            indent += f"…{counted(line.depth)}" if line.depth > drawn else ""
            indent += "├─ " if line.begins and not row.is_part else "│  "
        return Text(indent, style="dim", no_wrap=True, overflow="ellipsis")

    def _sign(self, row: _Row) -> Text:
        """Give what stands before a name, since that may be cut."""
        nodes = row.line.nodes
        if row.more:
            return Text()
        if not self.has_status and not self.is_plan:
            return self._states(nodes, short=True).append(" ")
        if len(nodes) > 1:
            return Text(f"{counted(len(nodes))} × ", style="bold")
        return Text()

    def _name(self, row: _Row) -> Text:
        """Give the name, of a part what it works on."""
        nodes = row.line.nodes
        if row.more:
            return Text(f"  … {and_more(row.more)}", "dim")
        subtask, target = self.graph.subtasks[nodes[0]], self.targets.get(nodes[0])
        if row.is_part:
            part = f"part {(subtask.parallel_index or 0) + 1}"
            return Text(f"  {target or part}", "default")
        text = Text(name_of(subtask), style="default")
        if len(nodes) == 1 and target:
            text.append(f"  on {target}", style="dim")
        if row.line.waits_for:
            upstreams = id_list([self.graph.subtasks[node] for node in row.line.waits_for])
            text.append(f"  ← {visible(upstreams)}", style="dim")
        return text

    def _states(self, nodes: tuple[int, ...], *, short: bool = False) -> Text:
        """Give the status, or how many parts have which, the worst first.

        If ``short`` only signs: the legend has the words.
        """
        text = Text()
        states = Counter(map(self._state, nodes))
        for name, more in sorted(states, key=_by_severity):
            words = status_text(name)
            text.append(", " if text else "")
            if len(nodes) > 1:
                text.append(f"{counted(states[name, more])} ")
            if short or (len(nodes) > 1 and not self.is_wide):
                words = words[:1]
            text.append_text(words)
            if more and len(nodes) == 1 and self._has_words(more):
                text.append(f", {more}")
            elif more:
                text.append(" " * (len(words) > 1) + _MARKS.get(more, _BACK))
        attempts = self._attempts(nodes[0]) if len(nodes) == 1 else ""
        return text.append(attempts.strip() if short else attempts)

    def _has_words(self, more: str) -> bool:
        """Tell whether one subtask has the words of an addition, and not its mark."""
        return self.has_status and (self.is_wide or more in _MARKS)

    def _state(self, node: int) -> tuple[str, str]:
        """Give the status as it is shown, and what is to be said besides."""
        subtask = self.graph.subtasks[node]
        more = addition(subtask, blocked=node in self.blocked, overdue=node in self.overdue)
        return status_name(shown_status(subtask)), more

    def _attempts(self, node: int) -> str:
        count = least_attempts(self.graph.subtasks[node])
        return f" ×{counted(count)}" if count > 1 and not self.is_plan else ""

    def _took(self, nodes: Sequence[int]) -> str:
        """Give the time that was measured, of many the longest."""
        times = [
            (span.microseconds, goes_on(self.graph.subtasks[node]))
            for node in nodes
            if (span := self.spans[node]) is not None
        ]
        if not times:
            return ""
        longest, is_on = max(times)
        more = "+" if is_on else ""
        more += "*" * any(map(self._is_unsplit, nodes))
        return f"{'≤ ' * (len(nodes) > 1)}{format_measured(longest)}{more}"

    def _is_unsplit(self, node: int) -> bool:
        span = self.spans[node]
        return span is not None and span.kind in UNSPLIT

    def _limit(self, nodes: Sequence[int]) -> str:
        known = {self.graph.subtasks[node].timeout for node in nodes} - {None}
        words = [format_duration(limit) for limit in sorted(filter(None, known))]
        words = ["none"] * (0 in known) + words
        return " … ".join(dict.fromkeys((words[0], words[-1]))) if words else ""


def _by_severity(state: tuple[str, str]) -> tuple[tuple[int, str], str]:
    return severity_key(state[0]), state[1]
