"""Faults to put into sound documents, at least one for each rule that should find it.

They are fixed: a rule that misses one is at fault, or the miss has an explanation. Each
operator changes a document in place and tells whether it could.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple, TypeAlias

Json: TypeAlias = dict[str, Any]
BUDGET_LIMIT = 30 * 86_400  # seconds; no simulated task is meant to come near it
BACK = ("PENDING", "ROLLBACK")
FLYING = ("READY", "RUNNING", "CANCELING")
ENDED = ("FAILED", "SUCCESSFUL")


class Mutation(NamedTuple):
    """One way to break a document.

    Attributes
    ----------
    code : str
        The rule that should find it.
    apply : callable
        Changes the document in place; ``False`` where there is nothing to break.
    is_illegal : bool
        Whether the result should be something that the engine cannot write: the
        simulator's own test decides that. The other rules are about what is legal and
        unwise, or legal and worth knowing.
    because : str
        What that test should say of the result, where it must not be anything else.
    """

    code: str
    apply: Callable[[Json, Random], bool]
    is_illegal: bool = True
    because: str = ""

    @property
    def name(self) -> str:
        """What it does, in words."""
        return self.apply.__name__.replace("_", " ")


# --- looking at documents --------------------------------------------------------------


def _task(document: Json) -> Json:
    data: Json = document["data"]
    return data["contents"][0] if "contents" in data else data


def _subtasks(document: Json) -> list[Json]:
    return list(_task(document)["subtasks"])


def _by_id(document: Json) -> dict[Any, Json]:
    return {subtask["id"]: subtask for subtask in _subtasks(document)}


def _edges(document: Json) -> list[tuple[Json, Json]]:
    by_id = _by_id(document)
    return [
        (subtask, by_id[down])
        for subtask in _subtasks(document)
        for down in subtask.get("downstreams", ())
    ]


def _below(document: Json, top: Json) -> list[Json]:
    """Give every subtask that waits for one, near or far."""
    by_id = _by_id(document)
    found: dict[Any, Json] = {}
    stack = [top]
    while stack:
        for down in stack.pop()["downstreams"]:
            if down not in found:
                found[down] = by_id[down]
                stack.append(by_id[down])
    return list(found.values())


def _link(up: Json, down: Json) -> None:
    up["downstreams"].append(down["id"])
    down["upstreams"].append(up["id"])


def _pick(rng: Random, candidates: Iterator[Any] | list[Any]) -> Any:
    """Choose one, or ``None`` where there is none."""
    chosen = list(candidates)
    return rng.choice(chosen) if chosen else None


def _goes_forward(document: Json) -> bool:
    return _task(document).get("operation") in ("EXECUTE", "RETRY")


def _ran_once(subtask: Json) -> bool:
    return bool(subtask["operation"] == "EXECUTE" and subtask.get("runTime") == 1)


def _moved(text: str, seconds: float) -> str:
    return (datetime.fromisoformat(text) + timedelta(seconds=seconds)).isoformat()


def _gap(early: str, late: str) -> float:
    one, other = datetime.fromisoformat(early), datetime.fromisoformat(late)
    return (other - one).total_seconds()


def _last_event(document: Json) -> str:
    task = _task(document)
    keys = ("startTime", "finishTime")
    times = [data[key] for data in (task, *task["subtasks"]) for key in keys if key in data]
    last: str = max(times, key=datetime.fromisoformat)
    return last


def _wait(document: Json, rng: Random) -> None:
    """Let the response be written long after the last event."""
    last = max(_last_event(document), document["timestamp"], key=datetime.fromisoformat)
    document["timestamp"] = _moved(last, rng.uniform(61, 50_000))


# --- structure -------------------------------------------------------------------------


def close_a_cycle(document: Json, rng: Random) -> bool:
    top = _pick(rng, [s for s in _subtasks(document) if s.get("downstreams")])
    if top is None:
        return False
    _link(rng.choice(_below(document, top)), top)
    return True


def wait_for_itself(document: Json, rng: Random) -> bool:
    subtask = _pick(rng, [s for s in _subtasks(document) if "upstreams" in s])
    if subtask is None:
        return False
    _link(subtask, subtask)
    return True


def name_a_stranger(document: Json, rng: Random) -> bool:
    subtask = _pick(rng, [s for s in _subtasks(document) if "upstreams" in s])
    if subtask is None:
        return False
    subtask[rng.choice(("upstreams", "downstreams"))].append(rng.randrange(1, 9999))
    return True


def lose_a_subtask(document: Json, rng: Random) -> bool:
    lost = _pick(
        rng, [s for s in _subtasks(document) if s.get("upstreams") or s.get("downstreams")]
    )
    if lost is None:
        return False
    _task(document)["subtasks"].remove(lost)
    return True


def forget_one_end(document: Json, rng: Random) -> bool:
    edge = _pick(rng, _edges(document))
    if edge is None:
        return False
    up, down = edge
    if rng.random() < 0.5:
        up["downstreams"].remove(down["id"])
    else:
        down["upstreams"].remove(up["id"])
    return True


def tell_one_end(document: Json, rng: Random) -> bool:
    top = _pick(rng, [s for s in _subtasks(document) if s.get("downstreams")])
    if top is None:
        return False
    low = _pick(
        rng, [s for s in _below(document, top) if s["id"] not in top["downstreams"]]
    )
    if low is None:
        return False
    if rng.random() < 0.5:
        top["downstreams"].append(low["id"])
    else:
        low["upstreams"].append(top["id"])
    return True


def repeat_a_subtask(document: Json, rng: Random) -> bool:
    subtasks = _task(document)["subtasks"]
    subtasks.insert(rng.randrange(len(subtasks) + 1), dict(rng.choice(subtasks)))
    return True


def give_two_one_id(document: Json, rng: Random) -> bool:
    subtasks = _subtasks(document)
    if len(subtasks) < 2:
        return False
    one, other = rng.sample(subtasks, 2)
    one["id"] = other["id"]
    return True


def repeat_an_edge(document: Json, rng: Random) -> bool:
    edge = _pick(rng, _edges(document))
    if edge is None:
        return False
    up, down = edge
    if rng.random() < 0.5:
        up["downstreams"].append(down["id"])
    else:
        down["upstreams"].append(up["id"])
    return True


def cut_a_subtask_off(document: Json, rng: Random) -> bool:
    alone = _pick(
        rng, [s for s in _subtasks(document) if s.get("upstreams") or s.get("downstreams")]
    )
    if alone is None:
        return False
    for subtask in _subtasks(document):
        for side in ("upstreams", "downstreams"):
            if alone["id"] in subtask[side]:
                subtask[side].remove(alone["id"])
    alone["upstreams"], alone["downstreams"] = [], []
    return True


def add_a_shortcut(document: Json, rng: Random) -> bool:
    top = _pick(rng, [s for s in _subtasks(document) if s.get("downstreams")])
    if top is None:
        return False
    low = _pick(
        rng, [s for s in _below(document, top) if s["id"] not in top["downstreams"]]
    )
    if low is None:
        return False
    _link(top, low)
    return True


def tell_no_edges(document: Json, _: Random) -> bool:
    subtasks = _subtasks(document)
    if len(subtasks) < 2 or "upstreams" not in subtasks[0]:
        return False
    for subtask in subtasks:
        del subtask["upstreams"], subtask["downstreams"]
    return True


def tell_no_subtasks(document: Json, _: Random) -> bool:
    _task(document)["subtasks"] = []
    return True


def renumber_a_part(document: Json, rng: Random) -> bool:
    parts = [s for s in _subtasks(document) if s.get("parallelIdx", -1) >= 0]
    part = _pick(rng, parts)
    if part is None:
        return False
    part["parallelIdx"] = max(s["parallelIdx"] for s in parts) + rng.randrange(1, 4)
    return True


def drop_a_part(document: Json, rng: Random) -> bool:
    """Take a part out as if it had never been; what stays is a split with a gap."""
    part = _pick(rng, [s for s in _subtasks(document) if s.get("parallelIdx", -1) >= 0])
    if part is None:
        return False
    by_id = _by_id(document)
    ups = [by_id[up] for up in part["upstreams"]]
    downs = [by_id[down] for down in part["downstreams"]]
    for up in ups:
        up["downstreams"].remove(part["id"])
    for down in downs:
        down["upstreams"].remove(part["id"])
    if _is_chained(part, ups, downs):
        for up in ups:
            for down in downs:
                _link(up, down)
    subtasks = _task(document)["subtasks"]
    subtasks.remove(part)
    for subtask in subtasks:
        subtask["seriesId"] -= subtask["seriesId"] > part["seriesId"]
    return bool(subtasks)


def _is_chained(part: Json, ups: list[Json], downs: list[Json]) -> bool:
    """Whether a part is one of a serial split, from the neighbours that lost it."""
    index = part["parallelIdx"]
    before = [s for s in ups if _is_part(s, part, index - 1) and not s["downstreams"]]
    after = [s for s in downs if _is_part(s, part, index + 1) and not s["upstreams"]]
    return (len(ups) == 1 and bool(before)) or (len(downs) == 1 and bool(after))


def _is_part(subtask: Json, other: Json, index: int) -> bool:
    return bool(subtask["name"] == other["name"] and subtask["parallelIdx"] == index)


# --- state -----------------------------------------------------------------------------


def write_an_unknown_value(document: Json, rng: Random) -> bool:
    subtask, task = rng.choice(_subtasks(document)), _task(document)
    places = [(subtask, "status", "PAUSED"), (subtask, "operation", "TERMINATE")]
    places += [(task, "status", "PAUSED"), (subtask, "nodeType", "SHELL_TASK")]
    places += [(task, "operation", "TERMINATE"), (task, "type", "AUTOMATIC")]
    data, key, value = rng.choice([place for place in places if place[1] in place[0]])
    data[key] = value
    return True


def start_too_early(document: Json, rng: Random) -> bool:
    by_id = _by_id(document)
    early = _pick(
        rng,
        [
            s
            for s in _subtasks(document)
            if s["status"] == "PENDING"
            and any(by_id[up]["status"] != "SUCCESSFUL" for up in s.get("upstreams", ()))
        ],
    )
    if early is None or not _goes_forward(document):
        return False
    early["status"] = rng.choice(("READY", "RUNNING", "FAILED", "SUCCESSFUL"))
    if early["status"] != "READY":
        early["startTime"] = _last_event(document)
    if early["status"] in ENDED:
        early["finishTime"] = early["startTime"]
    return True


def forget_that_it_ran(document: Json, rng: Random) -> bool:
    edges = [
        (up, down)
        for up, down in _edges(document)
        if up["status"] == "SUCCESSFUL" and down["status"] != "PENDING"
    ]
    edge = _pick(rng, edges)
    if edge is None or not _goes_forward(document):
        return False
    edge[0].update(status="PENDING", operation="EXECUTE", runTime=1)
    for key in ("startTime", "finishTime"):
        edge[0].pop(key, None)
    return True


def roll_back_too_early(document: Json, rng: Random) -> bool:
    if _task(document).get("operation") != "ROLLBACK":
        return False
    waiting = [(up, down) for up, down in _edges(document) if down["status"] != "PENDING"]
    undone = [
        (up, down)
        for up, down in _edges(document)
        if up["status"] == down["status"] == "PENDING"
        if up["operation"] == down["operation"] == "ROLLBACK"
    ]
    if undone and (not waiting or rng.random() < 0.5):
        rng.choice(undone)[1]["status"] = "SUCCESSFUL"
        return True
    if not waiting:
        return False
    up, _ = rng.choice(waiting)
    up["status"] = rng.choice(("READY", "RUNNING", "FAILED", "PENDING"))
    if up["status"] == "RUNNING":
        up.pop("finishTime", None)
    return True


def succeed_without_all(document: Json, rng: Random) -> bool:
    task = _task(document)
    if task["status"] != "SUCCESSFUL":
        return False
    goal = _subtasks(document)[0]["status"]
    wrong = rng.choice(_subtasks(document))
    states = ["PENDING", "READY", "RUNNING", "CANCELING", "FAILED", "SUCCESSFUL"]
    wrong["status"] = rng.choice([state for state in states if state != goal])
    return True


def succeed_too_early(document: Json, _: Random) -> bool:
    task = _task(document)
    if task["status"] == "SUCCESSFUL":
        return False
    task.update(status="SUCCESSFUL", finishTime=_last_event(document))
    return True


def fail_without_a_failure(document: Json, _: Random) -> bool:
    task = _task(document)
    failed = any(subtask["status"] == "FAILED" for subtask in _subtasks(document))
    if task.get("operation") != "EXECUTE" or (task["status"] == "FAILED" and not failed):
        return False
    for subtask in _subtasks(document):
        if subtask["operation"] != "EXECUTE":
            return False
        if subtask["status"] == "FAILED":
            subtask["status"] = "SUCCESSFUL"
    if task["status"] != "FAILED":
        task.update(status="FAILED", finishTime=_last_event(document))
    return True


def stall(document: Json, rng: Random) -> bool:
    task = _task(document)
    if task["status"] != "RUNNING" or "startTime" not in task:
        return False
    states = {subtask["status"] for subtask in _subtasks(document)}
    if task["operation"] != "EXECUTE" and states == {"PENDING"}:
        return False  # it may have been asked for just now
    if task["operation"] == "RETRY":
        return False
    for subtask in _subtasks(document):
        if subtask["status"] == "READY" and _ran_once(subtask):
            subtask["status"] = "PENDING"
        elif subtask["status"] in FLYING:
            return False
    _wait(document, rng)
    return True


def _still(subtask: Json, status: str, operation: str) -> None:
    """Let a subtask be over, with both its times."""
    subtask.update(status=status, operation=operation)
    subtask.setdefault("finishTime", subtask["startTime"])


def stall_in_a_rollback(document: Json, rng: Random) -> bool:
    """Leave what was about to be undone waiting for its turn."""
    task, subtasks = _task(document), _subtasks(document)
    if (task["status"], task.get("operation")) != ("RUNNING", "ROLLBACK"):
        return False
    flying = [s for s in subtasks if s["status"] in FLYING]
    if not flying or any(s["status"] == "FAILED" for s in subtasks):
        return False
    if any("startTime" not in s for s in flying):
        return False
    undone = [s for s in subtasks if (s["status"], s["operation"]) == BACK]
    for subtask in undone:  # longer after the last request than it may take
        late = _gap(task["finishTime"], subtask["finishTime"])
        if late > 0 and late >= (subtask.get("timeout") or 12):
            break
    else:
        return False  # it may have been asked for just now
    for subtask in flying:
        _still(subtask, "SUCCESSFUL", "ROLLBACK")
    _wait(document, rng)
    return True


def stall_after_a_skip(document: Json, rng: Random) -> bool:
    """Skip the only failure, and let nothing follow."""
    task, subtasks = _task(document), _subtasks(document)
    failed = [s for s in subtasks if s["status"] == "FAILED"]
    if task["status"] != "FAILED" or task.get("operation") == "ROLLBACK":
        return False
    if len(failed) != 1 or failed[0].get("prohibitSkip") or "startTime" not in failed[0]:
        return False
    if any(s["status"] in FLYING for s in subtasks):
        return False
    task["status"] = "RUNNING"
    failed[0].update(status="SUCCESSFUL", operation="SKIP")
    failed[0]["finishTime"] = _moved(_last_event(document), rng.uniform(1, 3))
    _wait(document, rng)
    return True


def cancel_for_good(document: Json, rng: Random) -> bool:
    """Cancel what the engine retries by itself: the task neither fails nor goes on."""
    task, subtasks = _task(document), _subtasks(document)
    if task["status"] != "RUNNING" or task.get("operation") == "ROLLBACK":
        return False
    flying = [s for s in subtasks if s["status"] in FLYING]
    if len(flying) != 1 or "startTime" not in flying[0]:
        return False
    if any(s["status"] == "FAILED" for s in subtasks):
        return False
    _still(flying[0], "FAILED", "CANCEL")
    flying[0]["finishTime"] = _moved(_last_event(document), rng.uniform(1, 3))
    _wait(document, rng)
    return True


def forget_to_end(document: Json, rng: Random) -> bool:
    """Let a task whose subtasks are all done stay RUNNING."""
    task = _task(document)
    if task["status"] != "SUCCESSFUL" or task.get("operation") != "EXECUTE":
        return False
    if any("finishTime" not in s for s in _subtasks(document)):
        return False
    task["status"] = "RUNNING"
    del task["finishTime"]
    _wait(document, rng)
    return True


def never_start_what_is_ready(document: Json, rng: Random) -> bool:
    task = _task(document)
    ready = [s for s in _subtasks(document) if s["status"] == "READY"]
    if task["status"] != "RUNNING" or "startTime" not in task or not ready:
        return False
    if task.get("operation") != "EXECUTE" or any("startTime" in s for s in ready):
        return False  # they may have been asked for just now
    _wait(document, rng)
    return True


def hang_a_cancel(document: Json, rng: Random) -> bool:
    task = _task(document)
    running = [s for s in _subtasks(document) if s["status"] == "RUNNING"]
    subtask = _pick(rng, running)
    if subtask is None or task["status"] != "RUNNING" or "startTime" not in subtask:
        return False
    if rng.random() < 0.5:
        subtask["status"] = "CANCELING"
    else:
        subtask["operation"] = "CANCEL"
    _wait(document, rng)
    return True


def overlook_a_subtask(document: Json, rng: Random) -> bool:
    task, subtasks = _task(document), _subtasks(document)
    waiting = [s for s in subtasks if s["status"] == "READY"]
    clean = all(map(_ran_once, subtasks)) and task.get("operation") == "EXECUTE"
    if not waiting or not clean or task["status"] != "RUNNING":
        return False
    if any(s["status"] in ("FAILED", "CANCELING") for s in subtasks):
        return False
    if "concurrency" not in task.get("context", {}):
        return False
    rng.choice(waiting)["status"] = "PENDING"
    in_flight = any(s["status"] in FLYING for s in subtasks)
    if not in_flight or not any("startTime" in s for s in subtasks):
        return False
    limits = [0, len(subtasks)]
    limits += [-1] if sum(s["status"] in FLYING for s in subtasks) < 10 else []
    task["context"]["concurrency"] = rng.choice(limits)
    _wait(document, rng)
    return True


def skip_a_subtask(document: Json, rng: Random) -> bool:
    done = [s for s in _subtasks(document) if s["status"] == "SUCCESSFUL"]
    subtask = _pick(rng, [s for s in done if s["operation"] == "EXECUTE"])
    if subtask is None:
        return False
    subtask["operation"] = "SKIP"
    return True


def retry_a_subtask(document: Json, rng: Random) -> bool:
    subtask = _pick(
        rng, [s for s in _subtasks(document) if s["status"] in ENDED and _ran_once(s)]
    )
    if subtask is None:
        return False
    subtask.update(operation="RETRY", runTime=rng.randrange(2, 5))
    return True


# --- time ------------------------------------------------------------------------------


def _finished(document: Json) -> list[Json]:
    return [s for s in _subtasks(document) if s["status"] in ENDED and "finishTime" in s]


def end_before_the_start(document: Json, rng: Random) -> bool:
    subtask = _pick(rng, _finished(document))
    if subtask is None:
        return False
    early = rng.choice((rng.uniform(0.001, 1.0), rng.uniform(1.0, 3600.0)))
    subtask["finishTime"] = _moved(subtask["startTime"], -early)
    return True


def start_before_the_upstream_ends(document: Json, rng: Random) -> bool:
    task = _task(document)
    if not _goes_forward(document):
        return False
    edges = [
        (up, down)
        for up, down in _edges(document)
        if _ran_once(up) and _ran_once(down)
        if "finishTime" in up and "startTime" in down
    ]
    edge = _pick(rng, edges)
    if edge is None:
        return False
    up, down = edge
    room = _gap(task["startTime"], up["finishTime"]) - 1.01
    if room <= 0:
        return False
    down["startTime"] = _moved(up["finishTime"], -1.01 - rng.uniform(0, room))
    return True


def lose_a_time(document: Json, rng: Random) -> bool:
    timed = [s for s in _subtasks(document) if "startTime" in s]
    needed = [(s, "startTime") for s in timed if s["status"] in (*ENDED, "RUNNING")]
    needed += [(s, "finishTime") for s in timed if s["status"] in ENDED]
    place = _pick(rng, needed)
    if place is None or len(timed) < 2:
        return False
    del place[0][place[1]]
    return True


def lose_the_end_of_the_task(document: Json, _: Random) -> bool:
    task = _task(document)
    timed = any("startTime" in subtask for subtask in _subtasks(document))
    if task["status"] not in ENDED or not timed:
        return False
    del task["finishTime"]
    return True


def lose_an_offset(document: Json, rng: Random) -> bool:
    task = _task(document)
    places = [
        (data, key)
        for data in (task, *task["subtasks"])
        for key in ("startTime", "finishTime", "createTime")
        if key in data
    ]
    data, key = rng.choice(places)
    data[key] = datetime.fromisoformat(data[key]).replace(tzinfo=None).isoformat()
    return True


def write_times_as_java_does(document: Json, rng: Random) -> bool:
    task = _task(document)
    timed = [data for data in (task, *task["subtasks"]) if "startTime" in data]
    if not timed:
        return False
    rng.choice(timed)["startTime"] += "[Asia/Shanghai]"
    return True


def start_before_the_task(document: Json, rng: Random) -> bool:
    subtask = _pick(rng, [s for s in _subtasks(document) if "startTime" in s])
    if subtask is None:
        return False
    subtask["startTime"] = _moved(_task(document)["startTime"], -rng.uniform(1.01, 1000))
    return True


def end_after_the_task(document: Json, rng: Random) -> bool:
    task = _task(document)
    subtask = _pick(rng, _finished(document))
    if subtask is None or task["status"] != "SUCCESSFUL":
        return False
    subtask["finishTime"] = _moved(task["finishTime"], rng.uniform(1.01, 1000))
    late = max(document["timestamp"], subtask["finishTime"], key=datetime.fromisoformat)
    document["timestamp"] = _moved(late, 0.02)
    return True


def come_from_the_future(document: Json, rng: Random) -> bool:
    places = [(s, "finishTime") for s in _finished(document)]
    places += [(s, "startTime") for s in _subtasks(document) if s["status"] == "RUNNING"]
    place = _pick(rng, [place for place in places if place[1] in place[0]])
    if place is None:
        return False
    place[0][place[1]] = _moved(document["timestamp"], rng.uniform(1.01, 10_000))
    return True


# --- timeouts --------------------------------------------------------------------------


def _timed(document: Json) -> list[Json]:
    return [s for s in _subtasks(document) if s.get("timeout")]


def limit_nothing(document: Json, rng: Random) -> bool:
    timed = _timed(document)
    if len(timed) < 2:
        return False
    subtask = rng.choice(timed)
    if rng.random() < 0.5:
        subtask["timeout"] = 0
    else:
        del subtask["timeout"]
    return True


def limit_backwards(document: Json, rng: Random) -> bool:
    subtask = _pick(rng, _timed(document))
    if subtask is None:
        return False
    subtask["timeout"] = -rng.randrange(1, 5000)
    return True


def run_past_the_timeout(document: Json, rng: Random) -> bool:
    subtask = _pick(rng, [s for s in _single_runs(document) if s["timeout"] <= 3600])
    if subtask is None:
        return False
    end = _moved(subtask["startTime"], subtask["timeout"] + 13.0 + rng.expovariate(0.01))
    if subtask["status"] == "RUNNING":
        document["timestamp"] = end
    else:
        subtask["finishTime"] = end
        _write_later(document, end)
    return True


def run_past_the_timeout_in_lower_case(document: Json, rng: Random) -> bool:
    """Let the words be written as the engine's own page also has them."""
    if not run_past_the_timeout(document, rng):
        return False
    for data in (_task(document), *_subtasks(document)):
        for key in ("status", "operation"):
            if key in data:
                data[key] = data[key].lower()
    return True


def fail_at_the_deadline(document: Json, rng: Random) -> bool:
    return _fail_after(document, rng, rng.uniform(0.001, 0.999))


def fail_by_the_poll(document: Json, rng: Random) -> bool:
    return _fail_after(document, rng, rng.uniform(11.0, 11.999))


def _fail_after(document: Json, rng: Random, seconds: float) -> bool:
    """Let a run that failed have ended so long after its timeout."""
    failed = [
        s
        for s in _single_runs(document)
        if s["status"] == "FAILED"
        and _gap(s["startTime"], s["finishTime"]) < s["timeout"]  # else it is told already
    ]
    subtask = _pick(rng, failed)
    if subtask is None:
        return False
    end = _moved(subtask["startTime"], subtask["timeout"] + seconds)
    subtask["finishTime"] = end
    task = _task(document)
    if task["status"] == "FAILED" and _gap(task["finishTime"], end) > 0:
        task["finishTime"] = _moved(end, 0.5)
        _write_later(document, task["finishTime"])
    _write_later(document, end)
    return True


def run_close_to_the_timeout(document: Json, rng: Random) -> bool:
    ended = [s for s in _single_runs(document) if s["status"] in ENDED]
    quick = [s for s in ended if _gap(s["startTime"], s["finishTime"]) < s["timeout"] / 2]
    subtask = _pick(rng, quick)
    if subtask is None:
        return False
    used = subtask["timeout"] * rng.uniform(0.801, 0.999)
    subtask["finishTime"] = _moved(subtask["startTime"], used)
    _write_later(document, subtask["finishTime"])
    return True


def _single_runs(document: Json) -> list[Json]:
    return [
        s
        for s in _timed(document)
        if _ran_once(s) and s["status"] in (*ENDED, "RUNNING") and "startTime" in s
    ]


def _write_later(document: Json, moment: str) -> None:
    """Let the response be written after a moment, and a task that is done end there."""
    task = _task(document)
    if task["status"] == "SUCCESSFUL" and _gap(task["finishTime"], moment) > 0:
        task["finishTime"] = moment
    if _gap(document["timestamp"], moment) > 0:
        document["timestamp"] = _moved(moment, 0.02)


def take_too_long(document: Json, rng: Random) -> bool:
    timed = _timed(document)
    if not timed or len(timed) < len(_subtasks(document)):
        return False  # what has no limit at all is over every limit already
    subtask = rng.choice(timed)
    subtask["timeout"] = BUDGET_LIMIT + rng.randrange(1, 10**6)
    return True


def dominate(document: Json, rng: Random) -> bool:
    timed = _timed(document)
    if len(timed) < 2 or "upstreams" not in timed[0]:
        return False
    subtask = rng.choice(timed)
    others = sum(s["timeout"] for s in timed if s is not subtask)
    subtask["timeout"] = int(others * rng.uniform(1.01, 20)) + 2
    return True


# --- recovery --------------------------------------------------------------------------


def block_the_rollback(document: Json, rng: Random) -> bool:
    task = _task(document)
    started = [s for s in _subtasks(document) if s["status"] not in ("PENDING", "READY")]
    free = [s for s in started if not s.get("prohibitRollback", True)]
    if task["status"] != "FAILED" or not free:
        return False
    rng.choice(free)["prohibitRollback"] = True
    if "prohibitRollback" in task:
        task["prohibitRollback"] = True
    return True


def block_the_skip(document: Json, rng: Random) -> bool:
    failed = [s for s in _subtasks(document) if s["status"] == "FAILED"]
    subtask = _pick(rng, [s for s in failed if not s.get("prohibitSkip", True)])
    if subtask is None:
        return False
    subtask["prohibitSkip"] = True
    return True


def work_on_after_no_return(document: Json, rng: Random) -> bool:
    task = _task(document)
    if not _goes_forward(document) or task["status"] != "RUNNING":
        return False  # of one that failed there the blocked rollback is what matters
    if any(s.get("prohibitRollback", True) for s in _subtasks(document)):
        return False
    edge = _pick(rng, [e for e in _edges(document) if e[1]["status"] == "PENDING"])
    if edge is None:
        return False
    up = edge[0]
    up["prohibitRollback"] = True
    if up["status"] not in ("PENDING", "READY") and "prohibitRollback" in task:
        task["prohibitRollback"] = True
    return True


def allow_what_is_blocked(document: Json, rng: Random) -> bool:
    task = _task(document)
    started = [s for s in _subtasks(document) if s["status"] not in ("PENDING", "READY")]
    if "prohibitRollback" not in task or not started:
        return False
    rng.choice(started)["prohibitRollback"] = True
    task["prohibitRollback"] = False
    return True


# --- identity --------------------------------------------------------------------------


def bring_in_another_task(document: Json, rng: Random) -> bool:
    subtask = _pick(rng, [s for s in _subtasks(document) if "taskId" in s])
    if subtask is None:
        return False
    subtask["taskId"] = rng.randrange(1, 9999)
    return True


def repeat_a_series_id(document: Json, rng: Random) -> bool:
    numbered = [s for s in _subtasks(document) if "seriesId" in s]
    if len(numbered) < 2:
        return False
    one, other = rng.sample(numbered, 2)
    one["seriesId"] = other["seriesId"]
    return True


def blank_a_name(document: Json, rng: Random) -> bool:
    subtasks = _subtasks(document)
    if len(subtasks) < 2:
        return False
    rng.choice(subtasks)["name"] = rng.choice(("", " ", "\t\n", "\u3000"))
    return True


def fail_the_response(document: Json, rng: Random) -> bool:
    kind = rng.randrange(3)
    if kind == 0:
        document["successful"] = False
    elif kind == 1:
        document["status"] = rng.choice((400, 404, 500))
    else:
        document["error"] = {"code": 2008, "message": "Task does not exist."}
    return True


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("TG101", close_a_cycle),
    Mutation("TG101", wait_for_itself),
    Mutation("TG102", name_a_stranger),
    Mutation("TG102", lose_a_subtask),
    Mutation("TG103", forget_one_end),
    Mutation("TG103", tell_one_end),
    Mutation("TG104", repeat_a_subtask),
    Mutation("TG104", give_two_one_id),
    Mutation("TG105", repeat_an_edge),
    Mutation("TG106", cut_a_subtask_off, is_illegal=False),
    Mutation("TG107", add_a_shortcut, is_illegal=False),
    Mutation("TG108", tell_no_edges, is_illegal=False),
    Mutation("TG109", tell_no_subtasks),
    Mutation("TG110", renumber_a_part, because="leave a gap"),
    Mutation("TG110", drop_a_part, because="leave a gap"),
    Mutation("TG201", write_an_unknown_value),
    Mutation("TG202", start_too_early),
    Mutation("TG202", forget_that_it_ran),
    Mutation("TG202", roll_back_too_early),
    Mutation("TG203", succeed_without_all),
    Mutation("TG203", succeed_too_early),
    Mutation("TG203", fail_without_a_failure),
    Mutation("TG204", stall, is_illegal=False),
    Mutation("TG204", stall_in_a_rollback, is_illegal=False),
    Mutation("TG204", stall_after_a_skip, is_illegal=False),
    Mutation("TG204", cancel_for_good, is_illegal=False),
    Mutation("TG204", forget_to_end, is_illegal=False),
    Mutation("TG205", overlook_a_subtask, is_illegal=False),
    Mutation("TG206", skip_a_subtask, is_illegal=False),
    Mutation("TG207", retry_a_subtask, is_illegal=False),
    Mutation("TG208", never_start_what_is_ready, is_illegal=False),
    Mutation("TG209", hang_a_cancel, is_illegal=False),
    Mutation("TG301", end_before_the_start),
    Mutation("TG302", start_before_the_upstream_ends),
    Mutation("TG303", lose_a_time),
    Mutation("TG303", lose_the_end_of_the_task),
    Mutation("TG304", lose_an_offset),
    Mutation("TG305", start_before_the_task),
    Mutation("TG305", end_after_the_task),
    Mutation("TG306", come_from_the_future),
    Mutation("TG307", write_times_as_java_does, is_illegal=False),
    Mutation("TG401", limit_nothing, is_illegal=False),
    Mutation("TG402", limit_backwards),
    Mutation("TG403", run_past_the_timeout),
    Mutation("TG403", run_past_the_timeout_in_lower_case, is_illegal=False),
    Mutation("TG408", fail_at_the_deadline, is_illegal=False),
    Mutation("TG408", fail_by_the_poll, is_illegal=False),
    Mutation("TG404", run_close_to_the_timeout, is_illegal=False),
    Mutation("TG405", take_too_long, is_illegal=False),
    Mutation("TG406", dominate, is_illegal=False),
    Mutation("TG501", block_the_rollback, is_illegal=False),
    Mutation("TG502", block_the_skip, is_illegal=False),
    Mutation("TG503", work_on_after_no_return, is_illegal=False),
    Mutation("TG504", allow_what_is_blocked),
    Mutation("TG601", bring_in_another_task),
    Mutation("TG602", repeat_a_series_id),
    Mutation("TG603", blank_a_name),
    Mutation("TG604", fail_the_response),
)
