"""A simulator of obshell's engine: a row of nodes, each with sub-tasks side by side.

Its polls look about once a second at the node of the current stage. Rolling back it walks
the stages down again, and what was rolled back ends as SUCCEED, not as pending.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any, NamedTuple, TypeAlias

Json: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[int, ...]  # () is the DAG, (1,) its first node, (1, 1) a sub-task
SECOND = 1000
TIMEOUT = 3600 * SECOND
EPOCH = 0  # what a time is set to when something is to be done again
NEVER = -1  # written as the zero time
_NAMES = ("Check agents", "Integrate server config", "Deploy", "Start observer", "同步配置")
_ZONE = timezone(timedelta(hours=8))


class DagRow(NamedTuple):
    """One item as the engine stores it; ``times`` counts the runs of a sub-task."""

    state: str
    operator: str
    start: int
    end: int
    times: int = 0


class DagEntry(NamedTuple):
    """From this moment on the item was so; stage 0 leaves the DAG's stage as it is."""

    moment: int
    key: Key
    row: DagRow
    stage: int = 0


@dataclass(frozen=True)
class DagHistory:
    """Everything about one DAG."""

    id: int
    name: str
    nodes: tuple[tuple[str, int], ...]
    entries: tuple[DagEntry, ...]

    @property
    def moments(self) -> list[int]:
        """The moments at which anything changed, ascending."""
        return [entry.moment for entry in self.entries]

    def document(self, moment: int, rng: Random) -> Json:
        """Give what the engine would answer at a moment, not before the creation."""
        rows: dict[Key, DagRow] = {}
        stage = 1
        for entry in self.entries:
            if entry.moment > max(moment, self.entries[0].moment):
                break
            rows[entry.key] = entry.row
            stage = entry.stage or stage
        data = {
            **self._item(rows[()], self.id),
            "dag_id": self.id,
            "name": self.name,
            "stage": stage,
            "max_stage": len(self.nodes),
            "nodes": [self._node(rows, number, moment) for number in self._stages()],
        }
        if rows[()].state == "READY" and rng.random() < 0.3:
            data["nodes"] = None  # the response to what has just been asked for
        return {
            "successful": True,
            "timestamp": _write(max(moment, self.entries[0].moment) + rng.randrange(2, 60)),
            "duration": rng.randrange(100),
            "status": 200,
            "traceId": f"{moment:016x}",
            "data": data,
        }

    def _stages(self) -> range:
        return range(1, len(self.nodes) + 1)

    def _node(self, rows: dict[Key, DagRow], number: int, moment: int) -> Json:
        name, width = self.nodes[number - 1]
        first = 100 * number
        return {
            **self._item(rows[number,], first),
            "node_id": first,
            "name": name,
            "sub_tasks": [
                self._sub_task(rows[number, part], first + part, name, moment)
                for part in range(1, width + 1)
            ],
        }

    def _sub_task(self, row: DagRow, number: int, name: str, moment: int) -> Json:
        has_log = row.state in ("RUNNING", "FAILED", "SUCCEED") and moment % 3 > 0
        return {
            **self._item(row, number),
            "task_id": number,
            "name": name,
            "execute_times": row.times,
            "execute_agent": {"ip": f"10.0.0.{number % 100}", "port": 2886},
            "task_logs": [f"{name} has begun"] if has_log else None,
        }

    @staticmethod
    def _item(row: DagRow, number: int) -> Json:
        return {
            "id": f"1{number}",
            "state": row.state,
            "operator": row.operator,
            "start_time": _write(row.start),
            "end_time": _write(row.end),
            "additional_data": None,
        }


def _write(moment: int) -> str:
    """Write a time with nanoseconds; the same millisecond always gets the same ones."""
    if moment == NEVER:
        return "0001-01-01T00:00:00Z"
    seconds, millis = divmod(moment, SECOND)
    text = datetime.fromtimestamp(seconds, UTC).astimezone(_ZONE).isoformat()
    nanos = millis * 10**6 + moment * 7919 % 10**6 if moment else 0
    fraction = f".{nanos:09}".rstrip("0") if nanos else ""
    return f"{text[:19]}{fraction}{text[19:]}"


def simulate_dag(seed: int) -> DagHistory:
    """Run one random DAG under one random fate; the same seed gives the same history."""
    return _Dag(Random(f"obshell {seed}")).play()


class _Dag:
    """The engine with its one DAG; time passes as it goes through the stages."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.now = rng.randrange(1_700_000_000, 1_750_000_000) * SECOND + rng.randrange(
            1000
        )
        self.nodes = tuple(
            (rng.choice(_NAMES), rng.choice((1, 1, 1, 2, 3, 5)))
            for _ in range(1 + int(rng.expovariate(0.3)))
        )
        self.entries: list[DagEntry] = []
        self.rows: dict[Key, DagRow] = {}
        self.stage = 1
        self.failure = rng.choice((0.0, 0.1, 0.4))
        self.cancels = rng.random() < 0.15

    def play(self) -> DagHistory:
        unset = self.now if self.rng.random() < 0.5 else NEVER
        self.put((), DagRow("READY", "RUN", self.now, self.now))
        for number, (_, width) in enumerate(self.nodes, start=1):
            for part in range(width + 1):
                key = (number, part) if part else (number,)
                self.put(key, DagRow("PENDING", "RUN", unset, unset))
        self.advance()
        for _ in range(self.rng.randrange(4)):
            if self.rows[()].state != "FAILED":
                break
            self.now += int(self.rng.expovariate(1 / (300 * SECOND)))
            self.rng.choice((self.retry, self.retry, self.roll_back, self.let_pass))()
        ordered = sorted(self.entries, key=lambda entry: entry.moment)
        return DagHistory(11, "Cluster scale out", self.nodes, tuple(ordered))

    def put(self, key: Key, row: DagRow, moment: int | None = None) -> None:
        moment = self.now if moment is None else moment
        self.rows[key] = row
        self.entries.append(DagEntry(moment, key, row, 0 if key else self.stage))

    def poll(self) -> None:
        """Let the time pass until the scheduler looks again."""
        self.now += self.rng.randrange(1000, 1040)

    def advance(self) -> None:
        """Go through the stages until the DAG has ended or was cancelled."""
        self.now += self.rng.randrange(1000)
        back = self.rows[()].operator == "ROLLBACK"
        self.put((), self.rows[()]._replace(state="RUNNING", start=self.now))
        while True:
            succeeded = self.run_stage()
            last = 1 if back else len(self.nodes)
            if not succeeded or self.stage == last:
                break
            self.stage += -1 if back else 1
            self.put((), self.rows[()])
            self.poll()
        state = "SUCCEED" if succeeded else "FAILED"
        self.put((), self.rows[()]._replace(state=state, end=self.now))

    def run_stage(self) -> bool:
        """Run the node of the current stage; tell whether it succeeded."""
        key = (self.stage,)
        row = self.rows[key]
        self.put(key, row._replace(state="RUNNING", start=self.now, end=self.now))
        began = self.now
        ended = max(
            self.run_part((self.stage, part), row.operator, began)
            for part in range(1, self.nodes[self.stage - 1][1] + 1)
        )
        if self.cancels and self.rng.random() < 0.3 and ended > began:
            return self.cancel(self.rng.randrange(began, ended))
        while self.now <= ended:
            self.poll()
        parts = [row for key, row in self.rows.items() if key[:1] == (self.stage,)]
        succeeded = all(part.state != "FAILED" for part in parts)
        state = "SUCCEED" if succeeded else "FAILED"
        self.put(key, self.rows[key]._replace(state=state, end=self.now))
        return succeeded

    def run_part(self, key: Key, operator: str, began: int) -> int:
        """Run a sub-task, twice where a retry undoes it first; give the end."""
        row = self.rows[key]
        if operator == "RETRY":
            if row.state == "SUCCEED":
                return began
            orders = ["RUN"] if row.state == "PENDING" else ["ROLLBACK", "RUN"]
        elif operator == "ROLLBACK":
            if row.state == "PENDING":
                return began
            orders = ["ROLLBACK"]
        else:
            orders = ["RUN"]
        moment = began
        for order in orders:
            moment = self.run_once(key, order, moment)
            if self.rows[key].state == "FAILED":
                break
            moment += self.rng.randrange(1000)
        return moment

    def run_once(self, key: Key, operator: str, moment: int) -> int:
        rng = self.rng
        row = self.rows[key]
        row = row._replace(state="READY", operator=operator, times=row.times + 1)
        moment += rng.randrange(2, 30)
        self.put(key, row, moment)
        moment += rng.randrange(5, 60)
        row = row._replace(state="RUNNING", start=moment)
        self.put(key, row, moment)
        duration = int(rng.lognormvariate(7.0, 2.0))
        fails = (
            duration >= TIMEOUT or rng.random() < self.failure / self.nodes[key[0] - 1][1]
        )
        moment += min(duration, TIMEOUT)
        row = row._replace(state="FAILED" if fails else "SUCCEED", end=moment)
        self.put(key, row, moment)
        return moment

    def cancel(self, moment: int) -> bool:
        """Cancel the DAG in the middle of a stage: what is under way fails."""
        self.entries = [entry for entry in self.entries if entry.moment <= moment]
        self.rows = {entry.key: entry.row for entry in self.entries}
        self.now = moment
        self.cancels = False
        self.put((), DagRow("READY", "CANCEL", EPOCH, EPOCH))
        self.put((self.stage,), DagRow("PENDING", "CANCEL", EPOCH, EPOCH))
        self.poll()
        self.put((), self.rows[()]._replace(state="RUNNING", start=self.now))
        self.put((self.stage,), DagRow("RUNNING", "CANCEL", self.now, self.now))
        for part in range(1, self.nodes[self.stage - 1][1] + 1):
            row = self.rows[self.stage, part]
            if row.state in ("READY", "RUNNING"):
                self.put((self.stage, part), row._replace(state="FAILED", end=self.now))
        self.put(
            (self.stage,), self.rows[self.stage,]._replace(state="FAILED", end=self.now)
        )
        return False

    # --- what operators may do with a failed DAG -------------------------------

    def retry(self) -> None:
        """Run the failed stage again, then the rest."""
        if self.rows[()].operator == "ROLLBACK":
            return
        self.put((), DagRow("READY", "RUN", EPOCH, EPOCH))
        self.put((self.stage,), DagRow("PENDING", "RETRY", EPOCH, EPOCH))
        self.advance()

    def roll_back(self) -> None:
        """Undo the stages from the failed one down to the first."""
        if self.rows[()].operator == "ROLLBACK":
            return
        self.put((), DagRow("READY", "ROLLBACK", EPOCH, EPOCH))
        for number in range(1, self.stage + 1):
            self.put((number,), DagRow("PENDING", "ROLLBACK", EPOCH, EPOCH))
        self.advance()

    def let_pass(self) -> None:
        """Take everything from the failed stage on for done."""
        self.now += 1
        failed = min(
            (
                key[0]
                for key, row in self.rows.items()
                if len(key) == 1 and row.state == "FAILED"
            ),
            default=self.stage,
        )
        self.put((), DagRow("SUCCEED", "PASS", EPOCH, self.now))
        for key, row in list(self.rows.items()):
            if key and key[0] >= failed and (len(key) == 1 or row.state != "SUCCEED"):
                self.put(key, row._replace(state="SUCCEED", operator="PASS", end=self.now))
