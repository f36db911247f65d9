"""What the page of trends shows of one kind of task."""

from __future__ import annotations

import sys
from array import array
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import groupby
from operator import or_
from typing import Any, NamedTuple

from taskgraph.history.trending import (
    FAILED,
    RETRIED,
    SKIPPED,
    Change,
    KindTrend,
    Period,
    TaskTrends,
    TrendRun,
)
from taskgraph.model.durations import format_measured, format_moment, format_rounded
from taskgraph.model.engine import SECOND
from taskgraph.model.words import counted, visible
from taskgraph.reports.history_tables import NOTHING, TitledTable, kind_name
from taskgraph.reports.html.view import script_json
from taskgraph.reports.trends import HOST_COLUMNS, marked

_PACES = (
    (4, "under ½ of the usual time"),
    (7, "½ to ⅘"),
    (10, "⅘ to 5/4, or within 1 s"),
    (13, "to 2 ×"),
    (16, "to 4 ×"),
    (20, "over 4 ×"),
)
"""How high the classes of times are drawn, and what they are."""
_TALL = 20
_MOST_COLUMNS = 250
_MOST_LISTED = 50
_MOST_HOSTS = 30
_CELL, _DATE = 24, 80  # the most pixels that a run takes, and a day that is written
_NO_TIME = 2**32 - 1
_MARKS = (
    (FAILED, "failed", "failed", "M{x}.1 3l.8 14m0-14l-.8 14"),
    (RETRIED, "retried", "canceling", "M{x}.1 1h.8"),
    (SKIPPED, "skipped", "skipped", "M{x}.1 10h.8"),
)


def _bar(at: int, count: int, place: int) -> str:
    """Draw so many columns of a class of times."""
    return f"M{at} {_TALL}V{_TALL - _PACES[place][0]}h{count}V{_TALL}z"


LEGEND = (
    *((f"pace{n}", _bar(0, 1, n), words) for n, (_, words) in enumerate(_PACES)),
    *((f"mark {tone}", path.format(x=0), word) for _, word, tone, path in _MARKS),
    ("mark since", f"M.5 0v{_TALL}", "changed"),
)
"""Looks, each with the path of an example, and what it means."""


class Strip(NamedTuple):
    """The runs of a kind as paths: of each class of times, and of each mark."""

    bars: tuple[tuple[int, str], ...]
    marks: tuple[tuple[str, str], ...]
    since: float | None


class Curve(NamedTuple):
    """p50 and p95 over the periods, as the points of two lines, and in words."""

    p50: str
    p95: str
    label: str


def pace(time: int, usual: int) -> int:
    """Give the class of a time beside the usual one.

    Examples
    --------
    >>> second = 1_000_000
    >>> [pace(time * second, 10 * second) for time in (4, 7, 9, 12, 20, 40, 41)]
    [0, 1, 2, 2, 3, 4, 5]
    >>> pace(second // 10, second)
    2
    """
    if abs(time - usual) <= SECOND:
        return 2
    if 5 * time < 4 * usual:
        return int(2 * time >= usual)
    return 2 + (4 * time > 5 * usual) + (time > 2 * usual) + (time > 4 * usual)


@dataclass(frozen=True)
class TrendView:
    """One kind of task, ready to be shown; ``key`` begins every id that it has."""

    trend: TaskTrends
    key: str

    @property
    def facts(self) -> list[str]:
        """How many runs failed, were retried or skipped."""
        whole = self.trend.kinds[0]
        words = ((FAILED, "failed"), (RETRIED, "retried"), (SKIPPED, "skipped in part"))
        return [f"{marked(whole, mark):,} {word}" for mark, word in words]

    @cached_property
    def per(self) -> int:
        """How many runs a column stands for."""
        return -(-len(self.trend.runs) // _MOST_COLUMNS)

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return -(-len(self.trend.runs) // self.per)

    @property
    def width(self) -> int:
        """The most pixels that they take."""
        return self.columns * _CELL

    @property
    def each(self) -> str:
        """What a column stands for."""
        if self.per == 1:
            return "A column is a run."
        runs = counted(self.per, "run")
        return f"A column is {runs}: the middle one of their times, any mark."

    @property
    def days(self) -> tuple[str, str]:
        """The day of the first run and, where there is room for it, that of the last."""
        runs = self.trend.runs
        first, last = (runs[at].moment.date().isoformat() for at in (0, -1))
        return first, last if self.width >= 2 * _DATE else ""

    @property
    def kinds(self) -> Iterator[tuple[str, KindTrend, Strip, Curve]]:
        """Give each kind with its pictures."""
        for kind in self.trend.kinds:
            yield kind_name(kind.subtask), kind, self._strip(kind), self._curve(kind)

    def _strip(self, kind: KindTrend) -> Strip:
        usual = kind.overall.p50 or 0
        classes: list[int | None] = []
        drawn: dict[int, list[str]] = {}
        marks = ["", "", ""]
        for column in range(self.columns):
            runs = slice(column * self.per, (column + 1) * self.per)
            times = sorted(time for time in kind.spans_us[runs] if time is not None)
            middle = times[(len(times) - 1) // 2] if times else None
            classes.append(None if middle is None else pace(middle, usual))
            seen = reduce(or_, kind.marks[runs], 0)
            for place, (mark, *_, path) in enumerate(_MARKS):
                if seen & mark:
                    marks[place] += path.format(x=column)
        at = 0
        for shown, group in groupby(classes):
            count = len(list(group))
            if shown is not None:
                drawn.setdefault(shown, []).append(_bar(at, count, shown))
            at += count
        return Strip(
            tuple((shown, "".join(drawn[shown])) for shown in sorted(drawn)),
            tuple(
                (tone, path)
                for (*_, tone, _), path in zip(_MARKS, marks, strict=True)
                if path
            ),
            None if kind.change is None else round(kind.change.run / self.per, 2),
        )

    def _curve(self, kind: KindTrend) -> Curve:
        """Draw two lines over as many steps as there are periods, from 0 at the bottom."""
        most = max((one.p95 or 0 for one in kind.periods), default=0)
        known = [(place, one) for place, one in enumerate(kind.periods) if one.size]
        if not most:
            return Curve("", "", "no healthy run")

        def line(field: str) -> str:
            values = [(place, getattr(one, field)) for place, one in known]
            points = [
                f"{at} {_TALL - round(_TALL * value / most, 1)}"
                for place, value in values
                for at in (place, place + 1)
            ]
            return "M" + "L".join(points)

        label = f"by {self.period}: p50 {_ends(known, 'p50')}; p95 {_ends(known, 'p95')}"
        return Curve(line("p50"), line("p95"), label)

    @property
    def period(self) -> str:
        """What the time is parted into."""
        weeks = self.trend.days // 7
        return "week" if weeks == 1 else f"{weeks} weeks"

    def anchor(self, run: int) -> str:
        """Give the name by which a link finds a run."""
        return f"{self.key}-r{run}"

    @property
    def changes(self) -> list[tuple[str, Change]]:
        """The kinds that changed, those that became slower by the most first."""
        known = [
            (kind_name(k.subtask), k.change)
            for k in self.trend.kinds
            if k.change is not None
        ]
        return sorted(known, key=lambda one: one[1].before_us - one[1].after_us)

    @property
    def listed(self) -> list[tuple[int, TrendRun, str, str, str]]:
        """The latest runs, and those since which something changed, the latest first.

        With when each began, beside the one above it, what it took and what was slowest.
        """
        runs = self.trend.runs
        places = {*range(len(runs))[-_MOST_LISTED:], *(one.run for _, one in self.changes)}
        shown = sorted(places, reverse=True)
        above = (None, *(runs[at].moment for at in shown))
        return [
            (at, runs[at], format_moment(runs[at].moment, beside), *self._slowest(at))
            for at, beside in zip(shown, above, strict=False)
        ]

    def _slowest(self, run: int) -> tuple[str, str]:
        """Say what a run took, and what it spent the most time over the usual on."""
        whole, *kinds = self.trend.kinds
        time = whole.spans_us[run]
        took = NOTHING if time is None else format_measured(time)
        over = [
            (span - usual, kind_name(kind.subtask))
            for kind in kinds
            if (span := kind.spans_us[run]) is not None
            and (usual := kind.overall.p50) is not None
            and pace(span, usual) > 2
        ]
        if not over:
            return took, NOTHING
        excess, name = max(over)
        return took, f"{name}: {format_rounded(excess)} over the usual"

    @property
    def hosts(self) -> tuple[list[str], list[list[str]], str]:
        """The heads and the rows of the table of hosts, and what it leaves out."""
        hosts = TitledTable("", HOST_COLUMNS, self.trend.hosts)
        more = len(hosts.rows) - _MOST_HOSTS
        return (
            [column.label for column in hosts.columns],
            [hosts.texts(one) for one in hosts.rows[:_MOST_HOSTS]],
            f"{counted(more)} faster ones are left out." if more > 0 else "",
        )

    @property
    def data(self) -> str:
        """What the script needs to know of each run."""
        kinds = self.trend.kinds
        files = {run.file: None for run in self.trend.runs}
        numbers = {file: place for place, file in enumerate(files)}
        times = array(
            "I",
            (
                _NO_TIME if time is None else min(time // 1000, _NO_TIME - 1)
                for kind in kinds
                for time in kind.spans_us
            ),
        )
        if sys.byteorder == "big":
            times.byteswap()
        marks = bytes(mark for kind in kinds for mark in kind.marks)
        content: dict[str, Any] = {
            "names": [visible(kind_name(kind.subtask)) for kind in kinds],
            "usual": [kind.overall.p50 for kind in kinds],
            "files": [visible(file) for file in files],
            "runs": [
                [
                    visible(run.id or NOTHING),
                    numbers[run.file],
                    format_moment(run.moment),
                    visible(run.status or NOTHING),
                ]
                for run in self.trend.runs
            ],
            "cells": b64encode(times.tobytes() + marks).decode(),
        }
        return script_json(content)


def _ends(known: Sequence[tuple[int, Period]], field: str) -> str:
    """Say the first and the last of some values."""
    first, last = (format_rounded(getattr(known[at][1], field)) for at in (0, -1))
    return first if len(known) == 1 else f"{first} at first, {last} at last"
