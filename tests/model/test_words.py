"""What every text says in the same way: names, counts, lists, statuses, durations."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

import pytest

from taskgraph.model.durations import (
    format_count,
    format_measured,
    format_moment,
    like_written,
    parse_duration,
)
from taskgraph.model.engine import is_being_cancelled
from taskgraph.model.statuses import (
    SIGNS,
    count_shown,
    look,
    severity_key,
    shown_status,
    state_text,
)
from taskgraph.model.task import STATUSES, Operation, Status, Subtask
from taskgraph.model.words import (
    arrow,
    commandless,
    counted,
    id_list,
    in_json,
    label,
    labels,
    listed,
    visible,
)

WORST_FIRST = [
    Status.FAILED,
    "PAUSED",
    Status.CANCELING,
    Status.RUNNING,
    Status.READY,
    Status.PENDING,
    Status.SUCCESSFUL,
]


def subtask(identifier: int | str, name: str = "x", **fields: Any) -> Subtask:
    return Subtask(id=identifier, name=name)._replace(**fields)


def test_the_worst_status_comes_first_whatever_the_order() -> None:
    shuffled = [*WORST_FIRST, *WORST_FIRST[:1]]
    Random(7).shuffle(shuffled)
    counts = count_shown(subtask(n, status=s) for n, s in enumerate(shuffled))
    assert [name for name, _ in counts] == WORST_FIRST
    assert counts[0] == ("FAILED", 2)
    assert sorted(shuffled, key=severity_key)[:3] == ["FAILED", "FAILED", "PAUSED"]


def test_a_status_looks_like_no_other() -> None:
    looks = [look(status) for status in [*STATUSES, None]]
    for values in zip(*looks, strict=True):
        assert len(set(values)) == len(looks)
    assert look(Status.READY).sign == SIGNS["ready"] == "⚑"


def test_a_status_never_seen_before_has_its_own_word() -> None:
    assert look("PAUSED")[:3] == look(None)[:3]
    assert look("PAU\nSED").word == "pau␊sed"
    assert look(None).word == "status unknown"


@pytest.mark.parametrize(
    ("status", "operation", "text"),
    [
        (Status.SUCCESSFUL, Operation.SKIP, "SUCCESSFUL, skipped"),
        (Status.PENDING, Operation.SKIP, "PENDING"),
        (Status.PENDING, Operation.ROLLBACK, "PENDING, rolled back"),
        (Status.FAILED, Operation.CANCEL, "FAILED, cancelled"),
        (Status.RUNNING, Operation.CANCEL, "RUNNING, being cancelled"),
        (None, Operation.ROLLBACK, "status unknown"),
    ],
)
def test_status_and_operation_mean_something_together(
    status: str | None, operation: str, text: str
) -> None:
    assert state_text(subtask(1, status=status, operation=operation)) == text


def test_what_a_cancel_was_asked_for_counts_as_being_cancelled() -> None:
    asked = subtask(1, status="RUNNING", operation="CANCEL")
    assert is_being_cancelled(asked)
    assert shown_status(asked) == Status.CANCELING
    assert count_shown([asked, subtask(2, status="RUNNING")]) == (
        ("CANCELING", 1),
        ("RUNNING", 1),
    )


def test_what_is_blocked_says_only_that() -> None:
    rolled_back = subtask(1, status="PENDING", operation="ROLLBACK")
    assert state_text(rolled_back, blocked=True) == "PENDING, blocked"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, ""),
        (1, "0"),
        (2, "0 and 1"),
        (3, "0, 1 and 2"),
        (5, "0, 1, 2, 3 and 4"),
        (6, "0, 1, 2, 3, 4 and 1 more"),
        (2000, "0, 1, 2, 3, 4 and 1,995 more"),
    ],
)
def test_of_many_the_first_few_are_named(number: int, text: str) -> None:
    assert listed(map(str, range(number))) == text
    assert id_list([subtask(n) for n in range(number)]) == text


def test_subtasks_are_named_by_id_and_name() -> None:
    assert label(subtask(7, " Stop ")) == "7 'Stop'"
    assert label(subtask("Stop", "Stop")) == "'Stop'"
    assert label(subtask(7, " ")) == "7"
    assert len(label(subtask(7, "n" * 500))) < 70
    assert labels([subtask(10), subtask(9), subtask("a")]) == "9 'x', 10 'x' and a 'x'"


def test_counts_have_their_noun() -> None:
    assert (counted(1, "edge"), counted(0, "edge")) == ("1 edge", "0 edges")
    assert counted(12_345, "edge") == "12,345 edges"


def test_a_long_walk_shows_both_ends() -> None:
    assert arrow([1, 2]) == "1 -> 2"
    assert arrow(range(1, 21)) == "1 -> 2 -> 3 -> 4 -> 5 -> 6 -> 7 -> (12 more) -> 20"


def test_measured_times_are_cut_and_never_rounded_up() -> None:
    assert format_measured(timedelta(milliseconds=300)) == "0.300 s"
    assert format_measured(-1) == "-0.000001 s"
    assert format_measured(3_600_000_000) == "1 h"
    assert format_measured(29 * 60_000_000 + 59_999_999) == "29 min 59 s"
    assert format_count(-1_500_000, "microseconds") == "-1.500 s"
    assert format_count(-90) == "-1 min 30 s"


def test_moments_are_told_to_the_second_and_only_what_is_news() -> None:
    moment = datetime(2025, 3, 4, 9, 30, tzinfo=UTC)
    assert format_moment(moment) == "2025-03-04 09:30:00+00:00"
    later = moment + timedelta(microseconds=706_073)
    assert format_moment(later) == "2025-03-04 09:30:00+00:00"
    assert format_moment(later, moment) == "09:30:00"
    assert format_moment(moment + timedelta(days=1), moment) == "2025-03-05 09:30:00"
    elsewhere = moment.astimezone(timezone(timedelta(hours=8)))
    assert format_moment(elsewhere, moment) == "2025-03-04 17:30:00+08:00"


@pytest.mark.parametrize("written", ["1h", "2 d", "90", " 90 ", 90, 1.5, None])
@pytest.mark.parametrize("seconds", [0, 1, 59, 3600, 5430, 90_061, 10**9])
def test_what_is_written_like_a_duration_is_read_as_the_same(
    written: object, seconds: int
) -> None:
    text = like_written(written, seconds)
    assert parse_duration(text) == seconds
    assert isinstance(text, str) == isinstance(written, str)


def test_a_duration_keeps_the_style_of_another() -> None:
    assert like_written("1h", 90_061) == "1d1h1m1s"
    assert (like_written("3600", 0), like_written("1h", 0)) == ("0", "0s")


def test_json_spells_out_what_steers() -> None:
    text = "a\x85\x7f\u2028\u202e\ud800é⟨"
    spelt = in_json(json.dumps(text, ensure_ascii=False))
    assert spelt == r'"a\u0085\u007f\u2028\u202e\ud800é⟨"'
    assert json.loads(spelt) == text


@pytest.mark.parametrize("line", ["::set-output name=a::b", "  ::error::x", "a ##[error]x"])
def test_no_line_is_a_command_to_a_log(line: str) -> None:
    said = commandless(line)
    assert not said.lstrip().startswith("::")
    assert "##[" not in said
    assert commandless("a :: b # c") == "a :: b # c"


@pytest.mark.parametrize("blank", ["\u00a0", "\u2007", "\u200b", "\u202f", "\u205f"])
def test_a_blank_that_only_looks_like_one_is_spelt_out(blank: str) -> None:
    assert visible(f"Stop{blank}it") == f"Stop⟨U+{ord(blank):04X}⟩it"
    assert visible("停止\u3000一") == "停止\u3000一"
