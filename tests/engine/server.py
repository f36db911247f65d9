"""The simulated engine: its tables, its five polls, its workers and its operations.

The polls run about once a second. A poll with nothing to do sleeps until something
changes; a change is seen at the poll's next turn, as in the real engine, so that hours in
which nothing happens cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heapify, heappop, heappush
from random import Random
from typing import Any, NamedTuple

from tests.engine.journal import (
    Action,
    Entry,
    Journal,
    LogLine,
    Outage,
    Row,
    Run,
    TaskEntry,
    TaskRow,
)
from tests.engine.plan import SECOND, Plan

DAY = 86_400 * SECOND
FOREVER = 10**15
DEFAULT_CONCURRENCY = 10
POLL_SLACK = 10  # whole seconds after a deadline before the poll takes it for missed
WORKERS = (32, 16)  # of the process, for scheduled and for manual tasks
RESTART_REST = 60 * SECOND  # the polls begin so long after the server is up


class Work(NamedTuple):
    """How one run will go: how long, whether it fails, whether its deadline is armed."""

    duration: int
    fails: bool
    armed: bool = True
    lost: bool = False  # no worker took it: it never ends by itself
    deaf: bool = False  # a cancel does not stop it, and hangs
    late: int = 1  # milliseconds from the timeout to the deadline, as the clock shows it


class _Thread:
    """A run in a worker; it may outlive what the tables say of it."""

    __slots__ = ("armed", "deaf", "index", "server", "version")

    def __init__(self, index: int, server: int, version: int, work: Work) -> None:
        self.index = index
        self.server = server
        self.version = version
        self.armed = work.armed
        self.deaf = work.deaf


class _Poll:
    """One of the polls: when it looked last, and when it is to look next."""

    __slots__ = ("due", "last", "work")

    def __init__(self, work: Callable[[], None]) -> None:
        self.work = work
        self.last = -FOREVER
        self.due = FOREVER


class Server:
    """Runs one plan.

    Parameters
    ----------
    plan : Plan
    rng : Random
        Source of the jitter.
    work : function of (index, operation, attempts) that returns Work
        Decides how each run goes.
    on_change : function of (index, row)
        Told of every change of a step; index -1 and the task's row for the task.
    """

    def __init__(
        self,
        plan: Plan,
        rng: Random,
        work: Callable[[int, str, int], Work],
        on_change: Callable[[int, Row | TaskRow], None],
    ) -> None:
        self.plan = plan
        self.rng = rng
        self.now = plan.submitted
        self.task = TaskRow(start=plan.submitted + plan.clocks[0])
        self.rows = [Row()] * len(plan.steps)
        self.fault_due = False
        self.others = 0  # how many workers the other tasks keep all the time
        self.never_picked: frozenset[int] = frozenset()
        self._work = work
        self._on_change = on_change
        self._queue: list[tuple[int, int, Callable[..., object], tuple[Any, ...]]] = []
        self._pushed = 0
        self._versions = [0] * len(plan.steps)
        self._latest_start = [0] * len(plan.steps)
        self._threads: list[_Thread] = []
        self._hanging: set[tuple[int, int]] = set()
        self._open_runs: dict[int, Run] = {}
        self._entries: list[Entry] = []
        self._task_entries: list[TaskEntry] = [TaskEntry(self.now, self.task)]
        self._runs: list[Run] = []
        self._actions: list[Action] = []
        self._outages: list[Outage] = []
        self._crowds: list[Outage] = []
        self._log: list[LogLine] = []
        self._task_poll = _Poll(self._look_at_task)
        self._ready_poll = _Poll(self._pick_up_ready)
        self._running_poll = _Poll(self._look_at_running)
        self._canceling_poll = _Poll(self._look_at_canceling)
        self._failed_poll = _Poll(self._retry_failed)
        self._polls = (
            self._task_poll,
            self._ready_poll,
            self._running_poll,
            self._canceling_poll,
            self._failed_poll,
        )

    # --- time -----------------------------------------------------------------

    def at(self, moment: int, what: Callable[..., object], *arguments: Any) -> None:
        """Do something at a moment, or now if it has passed."""
        self._pushed += 1
        heappush(self._queue, (max(moment, self.now), self._pushed, what, arguments))

    def run(self, most: int = 4000, until: int = FOREVER) -> None:
        """Let time pass until nothing is left to happen, or so many things have.

        What happens after the moment `until` is left to the next call.
        """
        while self._queue and most and self._queue[0][0] <= until:
            self.now, _, what, arguments = heappop(self._queue)
            what(*arguments)
            most -= 1
        if until < FOREVER:
            self.now = max(self.now, until)

    def forget(self, *whats: Callable[..., object]) -> None:
        """Let what was to be done at some moment not be done."""
        self._queue = [entry for entry in self._queue if entry[2] not in whats]
        heapify(self._queue)

    def redraw(self) -> None:
        """Decide anew how the runs that go on will end."""
        self.forget(self._end, self._expire)
        for thread in self._threads:
            row = self.rows[thread.index]
            if self._versions[thread.index] == thread.version:
                work = self._work(thread.index, row.operation, row.attempts)
                thread.armed, thread.deaf = work.armed, work.deaf
                self._plan_end(thread, work, self._latest_start[thread.index])
            else:  # nobody hears how it ends
                self.at(self.now + SECOND, self._leave, thread)

    def written(self) -> Iterator[object]:
        """Give what was written down, which never changes: a copy may share it."""
        yield from (self.task, *self.rows, *self._open_runs.values(), *self._runs)
        yield from (*self._entries, *self._task_entries, *self._actions)
        yield from (*self._outages, *self._crowds, *self._log)

    def journal(self) -> Journal:
        """Give what has happened so far."""
        runs = (*self._runs, *self._open_runs.values())
        return Journal(
            plan=self.plan,
            entries=tuple(self._entries),
            task_entries=tuple(self._task_entries),
            runs=tuple(sorted(runs, key=lambda run: (run.began, run.step))),
            actions=tuple(self._actions),
            outages=tuple(self._outages),
            log=tuple(self._log),
            crowds=tuple(self._crowds),
        )

    def rest(self, duration: int, *, kills: bool) -> None:
        """Stop the polls for a while; a restart also kills every run."""
        until = min(FOREVER, self.now + duration + (RESTART_REST if kills else 0))
        self._outages.append(Outage(self.now, until))
        if kills:
            self._threads.clear()
        for poll in self._polls:
            self._wake(poll)

    def occupy(self, duration: int) -> None:
        """Let other tasks keep every worker busy for a while."""
        self._crowds.append(Outage(self.now, self.now + duration))
        self._wake(self._ready_poll, duration)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to happen."""
        return not self._queue

    @property
    def is_crowded(self) -> bool:
        """Whether no worker is free for this task."""
        return any(crowd.began <= self.now < crowd.until for crowd in self._crowds)

    @property
    def is_resting(self) -> bool:
        """Whether the polls look at nothing for now."""
        return bool(self._outages) and self.now < self._outages[-1].until

    def _wake(self, poll: _Poll, after: int = 0) -> None:
        """Let a poll look at its next turn that is so far away."""
        earliest = self.now + after
        if self.is_resting and earliest < self._outages[-1].until:
            earliest = self._outages[-1].until
        if earliest >= FOREVER:
            return
        period = SECOND + self.rng.randrange(2, 30)
        if earliest - poll.last > 5 * period:
            turn = earliest + self.rng.randrange(period)
        else:
            turn = poll.last + period
            turn += max(0, -((turn - earliest) // period)) * period
        if turn < poll.due:
            poll.due = turn
            self.at(turn, self._turn, poll, turn)

    def _turn(self, poll: _Poll, turn: int) -> None:
        if poll.due != turn:
            return
        poll.due = FOREVER
        if self.is_resting:
            self._wake(poll)
            return
        poll.last = self.now
        poll.work()

    def _clock(self, server: int | None = None) -> int:
        """What a server's clock shows; it is any of them that polls."""
        clocks = self.plan.clocks
        chosen = self.rng.randrange(len(clocks)) if server is None else server
        return self.now + clocks[chosen]

    # --- tables ---------------------------------------------------------------

    def _save(self, index: int, row: Row, how: str = "") -> None:
        """Store a step the careful way: whoever read it before may no longer store."""
        self._versions[index] += 1
        self._store(index, row, how)

    def _store(self, index: int, row: Row, how: str = "") -> None:
        run = self._open_runs.get(index)
        if run is not None and row.state not in ("RUNNING", "CANCELING"):
            over = run._replace(ended=self.now, how=how or "rollback", state=row.state)
            self._runs.append(over)
            del self._open_runs[index]
        self.rows[index] = row
        self._entries.append(Entry(self.now, index, row))
        for poll in self._polls_for(row):
            self._wake(poll)
        self._on_change(index, row)

    def _polls_for(self, row: Row) -> Iterable[_Poll]:
        if row.state == "READY":
            yield self._ready_poll
        elif row.state == "CANCELING":
            yield self._canceling_poll
        elif row.state == "FAILED":
            yield self._failed_poll
        elif row.state == "RUNNING" and row.operation == "CANCEL":
            yield self._running_poll
        yield self._task_poll

    def _store_task(self, task: TaskRow) -> None:
        self.task = task
        self._task_entries.append(TaskEntry(self.now, task))
        self._wake(self._task_poll)
        self._on_change(-1, task)

    def _finish_task(self, state: str, by_fault: bool = False) -> None:
        finish = self._clock()
        self._store_task(self.task._replace(state=state, finish=finish, by_fault=by_fault))

    def _note(self, index: int, text: str) -> None:
        self._log.append(LogLine(self.now, index, self.rows[index].attempts, text))

    def submit(self) -> None:
        """Make the first steps ready, all of them: no concurrency limits these."""
        first = [index for index, step in enumerate(self.plan.steps) if not step.upstreams]
        self.rng.shuffle(first)
        for index in first:
            self._store(index, Row(state="READY"))

    # --- the poll of tasks ----------------------------------------------------

    def _look_at_task(self) -> None:
        """Advance the task from what the tables hold now; the writing takes a moment."""
        if self.task.state != "RUNNING":
            return
        written = self.now + self.rng.randrange(3, 40)
        if self.fault_due:
            self.fault_due = False
            self.at(written, self._finish_task, "FAILED", True)
            return
        states = [row.state for row in self.rows]
        running = "RUNNING" in states
        if "FAILED" in states:
            if not running and any(map(self._is_final_failure, range(len(states)))):
                self.at(written, self._finish_task, "FAILED")
            return
        chosen = self._startable(states)
        if chosen:
            self.at(written, self._make_ready, chosen)
        goal = "PENDING" if self.task.operation == "ROLLBACK" else "SUCCESSFUL"
        if all(state == goal for state in states):
            self.at(written, self._finish_task, "SUCCESSFUL")

    def _is_final_failure(self, index: int) -> bool:
        row = self.rows[index]
        return row.state == "FAILED" and row.attempts >= self.plan.steps[index].retries

    def _startable(self, states: list[str]) -> list[int]:
        """Choose the steps whose turn it is, within the limit of those in flight."""
        limit = self.plan.concurrency
        limit = DEFAULT_CONCURRENCY if limit < 0 else limit or FOREVER
        room = limit - sum(state in ("RUNNING", "READY") for state in states)
        if room <= 0:
            return []
        if self.task.operation == "ROLLBACK":
            chosen = [
                index
                for index, downs in enumerate(self.plan.downstreams)
                if states[index] not in ("PENDING", "READY", "RUNNING")
                and all(states[down] == "PENDING" for down in downs)
            ]
        else:
            chosen = [
                index
                for index, step in enumerate(self.plan.steps)
                if states[index] == "PENDING"
                and all(states[up] == "SUCCESSFUL" for up in step.upstreams)
            ]
        self.rng.shuffle(chosen)
        return chosen[:room]

    def _make_ready(self, chosen: list[int]) -> None:
        """Store READY without looking again: what happened since is overwritten."""
        for index in chosen:
            self._store(index, self.rows[index]._replace(state="READY"))

    # --- the poll of ready steps, and the workers -----------------------------

    def _pick_up_ready(self) -> None:
        ready = [index for index, row in enumerate(self.rows) if row.state == "READY"]
        ready = [index for index in ready if index not in self.never_picked]
        if not ready:
            return
        if self.is_crowded:
            until = max(crowd.until for crowd in self._crowds)
            self._wake(self._ready_poll, until - self.now)
            return
        room = WORKERS[self.plan.type == "MANUAL"] - self.others - len(self._threads)
        self.rng.shuffle(ready)
        moment = self.now
        for index in ready[: max(0, room)]:
            moment += self.rng.randrange(3, 25)
            self.at(moment, self._start, index)

    def _start(self, index: int) -> None:
        row = self.rows[index]
        if row.state != "READY" or self.is_resting:
            return
        server = self.rng.randrange(len(self.plan.clocks))
        executor = f"10.0.0.{server + 1}"
        first = self._clock(server) if row.start is None else row.start
        row = row._replace(state="RUNNING", start=first, finish=None, executor=executor)
        self._latest_start[index] = self.now
        self._save(index, row)
        self._open_runs[index] = Run(index, row.operation, self.now, None)
        self._note(index, f"begin {row.operation}")
        work = self._work(index, row.operation, row.attempts)
        timeout = self.plan.steps[index].timeout
        self._wake(self._running_poll, (timeout + POLL_SLACK + 1) * SECOND)
        if work.lost:
            return
        thread = _Thread(index, server, self._versions[index], work)
        self._threads.append(thread)
        self._plan_end(thread, work, self.now)

    def _plan_end(self, thread: _Thread, work: Work, began: int) -> None:
        self.at(began + work.duration, self._end, thread, work.fails)
        limit = self.plan.steps[thread.index].timeout * SECOND
        if limit and work.armed and work.duration >= limit:
            self.at(began + limit + work.late, self._expire, thread)

    def _leave(self, thread: _Thread) -> bool:
        """Free a worker, which may take what is READY; tell whether it was not free."""
        if thread not in self._threads:
            return False
        self._threads.remove(thread)
        self._wake(self._ready_poll)
        return True

    def _end(self, thread: _Thread, fails: bool) -> None:
        """Store how a run went, unless the step was stored by somebody else since."""
        if not self._leave(thread):
            return
        index = thread.index
        if self._versions[index] != thread.version:
            return
        row = self.rows[index]
        if fails:
            state = "FAILED"
        elif row.operation in ("ROLLBACK", "ROLLBACK_SKIP"):
            state = "PENDING"
        else:
            state = "SUCCESSFUL"
        row = row._replace(state=state, finish=self._clock(thread.server))
        self._save(index, row, "itself")
        self._note(index, f"end {row.operation}: {state}")

    def _expire(self, thread: _Thread) -> None:
        """Fail a step at its deadline; the run may notice the interrupt late, unheard."""
        if thread not in self._threads or not thread.armed:
            return
        row = self.rows[thread.index]
        if row.state == "RUNNING":
            finish = self._clock(thread.server)
            self._save(
                thread.index, row._replace(state="FAILED", finish=finish), "deadline"
            )
            self._note(thread.index, "deadline passed")
            if not thread.deaf:
                self.at(self.now + self.rng.randrange(3 * SECOND), self._leave, thread)

    # --- the other polls ------------------------------------------------------

    def _look_at_running(self) -> None:
        """Fail what was cancelled, and what is over its deadline by the slack."""
        if self.now - self.plan.submitted > 2 * DAY:
            return
        for index, row in enumerate(self.rows):
            if row.state != "RUNNING":
                continue
            allowed = self.plan.steps[index].timeout + POLL_SLACK
            left = self._latest_start[index] + (allowed + 1) * SECOND - self.now
            if row.operation == "CANCEL" or left <= 0:
                how = "cancel" if row.operation == "CANCEL" else "poll"
                self._save(index, row._replace(state="FAILED", finish=self._clock()), how)
                self._note(index, "stopped by the poll")
            else:
                self._wake(self._running_poll, left)

    def _look_at_canceling(self) -> None:
        if self.now - self.plan.submitted > DAY:
            return
        for index, row in enumerate(self.rows):
            threads = [thread for thread in self._threads if thread.index == index]
            if row.state != "CANCELING":
                continue
            if any(thread.deaf for thread in threads):
                self._hanging.add((index, self._versions[index]))
            if (index, self._versions[index]) in self._hanging:
                continue  # also when the run is over: nobody tells the table
            for thread in threads:
                thread.armed = False
                self.at(self.now + self.rng.randrange(3 * SECOND), self._leave, thread)
            told = row._replace(state="RUNNING", operation="CANCEL", finish=None)
            self._save(index, told)

    def _retry_failed(self) -> None:
        """Retry by itself, whatever the task's status is by now."""
        if self.now - self.plan.submitted > DAY:
            return
        for index, row in enumerate(self.rows):
            if (
                row.state == "FAILED"
                and row.operation in ("EXECUTE", "RETRY")
                and row.attempts <= self.plan.steps[index].retries
            ):
                again = row.attempts + 1
                self._save(
                    index, Row("READY", "RETRY", again, row.start, None, row.executor)
                )

    # --- what operators may do ------------------------------------------------

    def _did(self, name: str, index: int, accepted: bool) -> bool:
        self._actions.append(Action(self.now, name, index, accepted))
        return accepted

    def retry_task(self) -> bool:
        """Run every failed step again; tell whether the engine accepts that."""
        allowed = self.task.state == "FAILED" and self.task.operation != "ROLLBACK"
        if allowed:
            self._store_task(
                self.task._replace(state="RUNNING", operation="RETRY", by_fault=False)
            )
            for index, row in enumerate(self.rows):
                if row.state == "FAILED":
                    again = row._replace(attempts=row.attempts + 1)
                    self._save(index, again._replace(state="READY", operation="RETRY"))
        return self._did("retry task", -1, allowed)

    def rollback(self) -> bool:
        """Undo what was done, last things first; tell whether the engine accepts that."""
        allowed = self.task.state == "FAILED" and not self.forbids_rollback
        if allowed:
            self._store_task(
                self.task._replace(state="RUNNING", operation="ROLLBACK", by_fault=False)
            )
            states = [row.state for row in self.rows]
            for index, row in enumerate(self.rows):
                if row.state == "PENDING":
                    continue
                downs = self.plan.downstreams[index]
                is_next = all(states[down] == "PENDING" for down in downs)
                state = "READY" if is_next else row.state
                self._save(index, row._replace(state=state, operation="ROLLBACK"))
        return self._did("rollback", -1, allowed)

    @property
    def forbids_rollback(self) -> bool:
        """Whether the engine would refuse to roll back now."""
        return self.plan.forbids_rollback or any(
            step.forbids_rollback and row.state not in ("PENDING", "READY")
            for step, row in zip(self.plan.steps, self.rows, strict=True)
        )

    def retry(self, index: int) -> bool:
        """Run one failed step again; tell whether the engine accepts that."""
        row = self.rows[index]
        allowed = row.state == "FAILED" and row.operation != "ROLLBACK"
        if allowed:
            self._store_task(self.task._replace(state="RUNNING", by_fault=False))
            self._save(index, row._replace(state="READY", operation="RETRY"))
        return self._did("retry", index, allowed)

    def skip(self, index: int) -> bool:
        """Take one failed step for done; tell whether the engine accepts that."""
        row = self.rows[index]
        allowed = row.state == "FAILED" and not self.plan.steps[index].forbids_skip
        if allowed:
            back = self.task.operation == "ROLLBACK"
            self._store_task(self.task._replace(state="RUNNING", by_fault=False))
            operation = "ROLLBACK_SKIP" if back else "SKIP"
            self._save(index, row._replace(state="READY", operation=operation))
        return self._did("skip", index, allowed)

    def cancel(self, index: int) -> bool:
        """Stop one running step; tell whether the engine accepts that."""
        row = self.rows[index]
        allowed = row.state == "RUNNING"
        if allowed:
            self._save(index, row._replace(state="CANCELING"))
        return self._did("cancel", index, allowed)
