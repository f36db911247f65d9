"""The simulator does what the engine does, and reaches all of it."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from io import BytesIO
from random import Random

import pytest

from taskgraph.model.task import Task
from taskgraph.sources.reading import read_bytes
from tests.engine.dialects import no_data, task_list, write_time
from tests.engine.engine import History, simulate
from tests.engine.journal import Row
from tests.engine.legality import judge
from tests.engine.photo import Photo
from tests.engine.plan import SECOND, Plan, Step
from tests.engine.server import DAY, WORKERS, Server, Work
from tests.engine.trial import DIALECTS

pytestmark = [pytest.mark.slow, pytest.mark.uncovered]

SEEDS = range(500)
STATES = {"PENDING", "READY", "RUNNING", "CANCELING", "FAILED", "SUCCESSFUL"}


@cache
def histories() -> tuple[History, ...]:
    return tuple(map(simulate, SEEDS))


@cache
def photos() -> tuple[Photo, ...]:
    """Two photographs of each history."""
    found = []
    for history in histories():
        rng = Random(history.seed)
        found += [history.random_photo(rng), history.random_photo(rng)]
    return tuple(found)


def scenes() -> Iterator[Photo]:
    """Every moment of the histories at which anything changed."""
    for history in histories():
        for moment in history.journal.moments:
            yield history.photograph(moment)


def rows() -> Iterator[Row]:
    for history in histories():
        for entry in history.journal.entries:
            yield entry.row


# --- the same seed, the same history -------------------------------------------------


def test_a_seed_gives_one_history() -> None:
    assert simulate(7) == simulate(7)
    assert simulate(7).journal != simulate(8).journal


def test_a_photograph_is_the_same_whenever_it_is_taken() -> None:
    photo, again = (simulate(3).random_photo(Random(1)) for _ in range(2))
    for write in DIALECTS.values():
        assert write(photo, Random(2)) == write(again, Random(2))


# --- everything is reached -----------------------------------------------------------


def test_every_state_meets_its_operations() -> None:
    met = {(row.operation, row.state) for row in rows()}
    expected = {("EXECUTE", state) for state in STATES - {"PENDING"}}
    expected |= {("RETRY", state) for state in STATES - {"PENDING"}}
    expected |= {("SKIP", state) for state in ("READY", "RUNNING", "SUCCESSFUL")}
    expected |= {("CANCEL", state) for state in ("RUNNING", "FAILED")}
    expected |= {("ROLLBACK", state) for state in STATES}
    expected |= {("ROLLBACK_SKIP", state) for state in ("READY", "RUNNING", "PENDING")}
    assert expected <= met


def test_a_task_reaches_every_state_under_every_operation() -> None:
    met = {
        (entry.row.operation, entry.row.state)
        for history in histories()
        for entry in history.journal.task_entries
    }
    expected = {
        (operation, state)
        for operation in ("EXECUTE", "RETRY", "ROLLBACK")
        for state in ("RUNNING", "FAILED", "SUCCESSFUL")
    }
    assert met == expected


def test_operators_are_obeyed_and_refused() -> None:
    met = {
        (action.name, action.accepted)
        for history in histories()
        for action in history.journal.actions
    }
    names = {"retry task", "retry", "skip", "rollback"}
    assert met == {(name, done) for name in names for done in (True, False)} | {
        ("cancel", True)
    }


def task_facts(photo: Photo) -> Iterator[str]:
    """Name what the facts call legal although it looks odd."""
    states = Counter(row.state for row in photo.rows)
    task, count = photo.task, len(photo.rows)
    goal = "PENDING" if task.operation == "ROLLBACK" else "SUCCESSFUL"
    if task.state == "RUNNING" and states["FAILED"]:
        yield "a running task with a failed step"
    if task.state == "RUNNING" and states[goal] == count:
        yield f"a running task with every step {goal}"
    if task.state == "RUNNING" and task.finish is not None:
        yield "a running task that shows an old end"
    if task.state == "FAILED":
        for state in ("READY", "RUNNING", "CANCELING"):
            if states[state]:
                yield f"a failed task with a step {state}"
        if not states["FAILED"]:
            yield f"a failed task without a failed step, by a fault: {task.by_fault}"
        if states["SUCCESSFUL"] == count:
            yield "a failed task with every step SUCCESSFUL"
    if task.state == "SUCCESSFUL" and task.operation == "ROLLBACK":
        yield "a task rolled back to the beginning"


def step_facts(photo: Photo) -> Iterator[str]:
    for row in photo.rows:
        if row.state == "READY" and row.finish is not None:
            yield "a step to be run again that keeps its end"
        if row.state == "READY" and row.start is not None and row.finish is None:
            yield "a step to be run again that forgot its end"
        if row.state == "PENDING" and row.finish is not None:
            yield "a pending step with both times"
        if row.state == "SUCCESSFUL" and row.operation == "ROLLBACK":
            yield "a step that waits to be rolled back"


def test_what_looks_odd_and_is_legal_is_reached() -> None:
    met = {fact for photo in scenes() for fact in task_facts(photo)}
    met |= {fact for photo in scenes() for fact in step_facts(photo)}
    assert met == {
        "a running task with a failed step",
        "a running task with every step PENDING",
        "a running task with every step SUCCESSFUL",
        "a running task that shows an old end",
        "a failed task with a step READY",
        "a failed task with a step RUNNING",
        "a failed task with a step CANCELING",
        "a failed task without a failed step, by a fault: True",
        "a failed task without a failed step, by a fault: False",
        "a failed task with every step SUCCESSFUL",
        "a task rolled back to the beginning",
        "a step to be run again that keeps its end",
        "a step to be run again that forgot its end",
        "a pending step with both times",
        "a step that waits to be rolled back",
    }


def test_plans_have_every_shape() -> None:
    plans = [history.plan for history in histories()]
    assert {plan.concurrency for plan in plans} >= {-1, 0, 1, 3}
    assert any(not plan.is_connected for plan in plans)
    assert any(plan.forbids_rollback for plan in plans)
    assert any(step.timeout == 0 for plan in plans for step in plan.steps)
    by_index = Counter(step.parallel_index for plan in plans for step in plan.steps)
    assert min(by_index[-1], by_index[0], by_index[5]) > 0
    full = [
        (len(plan.steps[down].upstreams), len(plan.downstreams[up]))
        for plan in plans
        for up in range(len(plan.steps))
        for down in plan.downstreams[up]
    ]
    assert (
        max(min(pair) for pair in full) >= 3
    )  # every part of one split for each of another


# --- what the engine never does ------------------------------------------------------


def test_nothing_begins_before_its_turn() -> None:
    for photo in scenes():
        for step, row in zip(photo.plan.steps, photo.rows, strict=True):
            if row.state != "PENDING":
                assert all(photo.rows[up].state == "SUCCESSFUL" for up in step.upstreams)


def test_a_stated_concurrency_limits_what_the_poll_starts() -> None:
    for history in histories():
        limit = history.plan.concurrency
        touched = any(action.accepted for action in history.journal.actions)
        retried = any(entry.row.operation == "RETRY" for entry in history.journal.entries)
        if limit < 1 or touched or retried:
            continue
        first = sum(not step.upstreams for step in history.plan.steps)
        for moment in history.journal.moments:
            states = [row.state for row in history.photograph(moment).rows]
            assert states.count("READY") + states.count("RUNNING") <= max(limit, first)


def test_no_pending_step_starts_while_one_is_failed() -> None:
    for history in histories():
        before: list[Row] | None = None
        failed_since = 0
        for entry in history.journal.entries:
            now = list(history.photograph(entry.moment).rows)
            if before is not None and failed_since:
                late = entry.moment - failed_since > 60  # the poll's own read and write
                fresh = before[entry.step].state == "PENDING" and entry.row.state == "READY"
                assert not (late and fresh)
            if "FAILED" not in {row.state for row in now}:
                failed_since = 0
            elif not failed_since:
                failed_since = entry.moment
            before = now


def test_a_run_ends_at_its_deadline_or_by_the_poll() -> None:
    """What is measured tells which, as long as every poll looks."""
    ends = Counter[str]()
    for history in histories():
        for run in history.journal.runs:
            limit = history.plan.steps[run.step].timeout * SECOND
            if run.ended is None or run.how in ("cancel", "rollback"):
                continue
            is_watched = run.ended - history.began < 2 * DAY
            calm = is_watched and not history.journal.outages
            over = run.ended - run.began - limit
            if run.how == "deadline":
                assert limit
                assert 0 < over < SECOND
            elif run.how == "poll":
                assert over >= 11_000
                assert over <= 12_200 or not calm
            elif limit and run.operation in ("EXECUTE", "RETRY", "ROLLBACK"):
                assert over < SECOND or over <= 10_000 or not calm
            ends[run.how] += 1
    assert min(ends["itself"], ends["deadline"], ends["poll"]) > 20


def test_a_timeout_of_zero_is_ended_by_the_poll_only() -> None:
    hows = {
        run.how
        for history in histories()
        for run in history.journal.runs
        if not history.plan.steps[run.step].timeout and run.ended is not None
    }
    assert "deadline" not in hows
    assert "poll" in hows


def test_a_cancel_ends_within_seconds_or_hangs() -> None:
    ended = hanging = 0
    for history in histories():
        if history.journal.outages or history.ended - history.began > DAY:
            continue
        since: dict[int, int] = {}
        for entry in history.journal.entries:
            if entry.row.state == "CANCELING":
                since[entry.step] = entry.moment
            elif entry.row.state != "RUNNING" and entry.step in since:
                late = entry.moment - since.pop(entry.step)
                assert late < 4 * SECOND or entry.row.state == "READY"
                ended += entry.row.state == "FAILED"
        hanging += len(since)
    assert ended > 20
    assert hanging > 5


def test_nothing_tries_again_what_was_cancelled_with_retries_left() -> None:
    """Neither does it fail the task, which stays RUNNING for good."""
    stuck = 0
    for history in histories():
        photo = history.photograph(history.ended + DAY)
        failed = [n for n, row in enumerate(photo.rows) if row.state == "FAILED"]
        is_back = photo.task.operation == "ROLLBACK"
        for index in failed:
            row, step = photo.rows[index], photo.plan.steps[index]
            if row.operation in ("CANCEL", "ROLLBACK") and row.attempts < step.retries:
                stuck += photo.task.state == "RUNNING" and not is_back
    assert stuck


def test_a_retry_in_a_rollback_repeats_for_good() -> None:
    step = Step("Stop host", (), 60, 0, 1000)
    plan = Plan(1, "Stop", "MANUAL", (step,), (2,), (0,), 1_700_000_000_000)

    def work(_: int, operation: str, __: int) -> Work:
        return Work(1000, fails=operation == "EXECUTE")

    server = Server(plan, Random(1), work, lambda *_: None)
    server.submit()
    server.run()
    assert server.rollback()
    while server.rows[0].state != "RUNNING":
        server.run(1)
    assert server.cancel(0)
    server.run()
    assert server.rows[0][:2] == ("FAILED", "CANCEL")
    assert server.retry(0)
    server.run(600)
    states = [e.row[:2] for e in server.journal().entries]
    assert states.count(("SUCCESSFUL", "RETRY")) > 20
    assert server.task.state == "RUNNING"


def test_times_and_the_count_of_attempts_follow_the_operations() -> None:
    met = set()
    for history in histories():
        last: dict[int, Row] = {}
        for entry in history.journal.entries:
            row, old = entry.row, last.get(entry.step, Row())
            last[entry.step] = row
            if old.start is not None:
                assert row.start == old.start
            if row.state == "RUNNING":
                assert row.finish is None
            elif (row.state, row.operation) == ("READY", "RETRY") and old.state == "FAILED":
                by_itself = row.finish is None
                assert row.attempts - old.attempts in ((1,) if by_itself else (0, 1))
                met.add((by_itself, row.attempts - old.attempts))
            elif row.state == "READY":
                assert (row.finish, row.attempts) == (old.finish, old.attempts)
    assert met == {(True, 1), (False, 0), (False, 1)}


def test_other_tasks_may_keep_all_workers_busy() -> None:
    longest = 0
    for history in histories():
        if history.journal.outages:
            continue
        since: dict[int, int] = {}
        for entry in history.journal.entries:
            if entry.row.state == "READY":
                since[entry.step] = entry.moment
            elif entry.step in since:
                longest = max(longest, entry.moment - since.pop(entry.step))
    assert longest > 600 * SECOND


def test_no_more_run_than_the_process_has_workers() -> None:
    for history in histories():
        workers = WORKERS[history.plan.type == "MANUAL"]
        for moment in history.journal.moments:
            states = [row.state for row in history.photograph(moment).rows]
            assert states.count("RUNNING") <= workers or history.journal.outages


def test_hops_take_about_a_second_each() -> None:
    waits = []
    for history in histories():
        plan, runs = history.plan, history.journal.runs
        first = {run.step: run for run in reversed(runs)}
        for down, step in enumerate(plan.steps):
            if len(step.upstreams) == 1 and down in first and not history.journal.actions:
                before = first.get(step.upstreams[0])
                if before and before.ended and before.ended <= first[down].began:
                    waits.append(first[down].began - before.ended)
    waits.sort()
    assert 700 < waits[len(waits) // 2] < 1500
    assert waits[0] < 300


# --- documents -----------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_photograph_is_legal(dialect: str) -> None:
    for photo in photos():
        judgement = judge(DIALECTS[dialect](photo, Random(photo.moment)))
        assert not judgement.impossible
        if judgement.accidents:
            outages = photo.journal.outages
            age = photo.moment - photo.plan.submitted
            assert photo.task.by_fault or outages or age > DAY


def read(document: object) -> tuple[Task, ...]:
    return read_bytes(json.dumps(document).encode())


def millis(time: datetime | None) -> int | None:
    return None if time is None else round(time.timestamp() * SECOND)


@pytest.mark.parametrize("dialect", ["ocp 2021", "ocp 2025", "details", "contents"])
def test_every_dialect_says_what_was_photographed(dialect: str) -> None:
    for photo in photos()[:200]:
        (task,) = read(DIALECTS[dialect](photo, Random(photo.moment)))
        assert (task.status, task.operation) == (photo.task.state, photo.task.operation)
        assert millis(task.start_time) == photo.task.start
        assert millis(task.finish_time) == photo.task.finish
        assert millis(task.as_of()) == photo.timestamp
        by_id = {str(subtask.id): subtask for subtask in task.subtasks}
        assert by_id.keys() == set(map(str, photo.plan.ids))
        for index, row in enumerate(photo.rows):
            subtask = by_id[str(photo.plan.ids[index])]
            assert (subtask.status, subtask.operation) == (row.state, row.operation)
            assert subtask.attempts == row.attempts
            assert millis(subtask.start_time) == row.start
            assert millis(subtask.finish_time) == row.finish
            step = photo.plan.steps[index]
            assert subtask.timeout == step.timeout
            assert subtask.parallel_index == step.parallel_index
            ups = {str(photo.plan.ids[up]) for up in step.upstreams}
            assert set(map(str, subtask.upstreams or ())) == ups


def test_a_list_tells_states_only() -> None:
    three = list(photos()[:3])
    tasks = read(task_list(three, Random(1)))
    assert [str(task.id) for task in tasks] == [str(photo.plan.id) for photo in three]
    for task in tasks:
        assert all(subtask.upstreams is None for subtask in task.subtasks)
        assert all(subtask.timeout is None for subtask in task.subtasks)


def test_one_subtask_is_a_subtask() -> None:
    photo = photos()[0]
    data = photo.as_subtask(Random(1))["data"]
    assert "subtasks" not in data
    assert data["id"] in photo.plan.ids


def test_an_error_has_no_data() -> None:
    document = no_data(photos()[0].timestamp)
    assert "data" not in document
    assert document["successful"] is False


def test_a_diagnosis_lists_the_subtasks_and_their_logs() -> None:
    photo = max(photos(), key=lambda photo: len(photo.plan.steps))
    with zipfile.ZipFile(BytesIO(photo.as_diagnosis())) as archive:
        lines = archive.read("task_info.txt").decode().splitlines()
        assert len(lines) == len(photo.rows)
        assert all(line.startswith("Subtask: ") for line in lines)
        ran = sum(row.start is not None for row in photo.rows)
        assert len(archive.namelist()) >= 1 + ran


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (1_628_242_678_010, "2021-08-06T17:37:58.01+08:00"),
        (1_628_242_678_000, "2021-08-06T17:37:58+08:00"),
        (1_628_242_678_273, "2021-08-06T17:37:58.273+08:00"),
    ],
)
def test_fractions_end_without_zeros(moment: int, written: str) -> None:
    assert write_time(moment) == written
