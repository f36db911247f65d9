"""What stands around the tasks of a response, and responses that hold none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from taskgraph.errors import InputError
from taskgraph.model import ApiError, Envelope
from taskgraph.sources.document import MEND, Problems
from taskgraph.sources.kinds import (
    ANY,
    FLAG,
    INTEGER,
    TEXT,
    TIME,
    describe,
    is_id,
)
from taskgraph.sources.shapes import Field, Shape

__all__ = ["ENVELOPE_KEYS", "Item", "items_of", "no_data", "read_envelope", "unwrap"]

_LOOK_UP = "look the trace id up in OCP's log"
_ENVELOPE = Shape(
    {
        "successful": Field(FLAG, "successful"),
        "status": Field(ANY, "status"),
        "timestamp": Field(TIME, "timestamp"),
        "duration": Field(INTEGER, "duration"),
        "server": Field(TEXT, "server"),
        "trace_id": Field(TEXT, "traceId"),
        "error": Field(ANY, "error"),
    }
)
ENVELOPE_KEYS = _ENVELOPE.keys | {"data"}


class Item(NamedTuple):
    """One object that should be a task, and its pointer."""

    value: Any
    pointer: str


def unwrap(
    root: Mapping[str, Any], what_to_save: str, problems: Problems, above: str = ""
) -> Iterator[Item]:
    """Give what a response holds in ``data``, in a list there, or in a page there.

    ``above`` is the pointer of the response.

    Raises
    ------
    InputError
        If it is an error, or has no data, or an empty list.
    """
    payload, pointer = root.get("data"), f"{above}/data"
    if payload is None or (_tells_of_a_failure(root) and not _may_hold_tasks(payload)):
        raise no_data(root, what_to_save, problems, above)
    problems.tally.texts += 1
    if isinstance(payload, dict) and payload.get("contents") is not None:
        page = {key: value for key, value in payload.items() if key != "contents"}
        problems.tally.texts += 1
        problems.tally.add_values([page], {dict})
        payload, pointer = payload["contents"], f"{pointer}/contents"
        if not isinstance(payload, list):
            message = f"contents must be a list, not {describe(payload)}"
            raise problems.refuse(message, pointer, MEND)
    if isinstance(payload, list):
        if not payload:
            raise problems.refuse("is a list without tasks", pointer, what_to_save)
        return items_of(payload, pointer)
    return iter([Item(payload, pointer)])


def _tells_of_a_failure(root: Mapping[str, Any]) -> bool:
    return root.get("successful") is False or root.get("error") is not None


def _may_hold_tasks(payload: Any) -> bool:
    """Tell whether there is something in ``data`` that has more than two fields."""
    if isinstance(payload, dict) and "contents" in payload:
        payload = payload["contents"]
    if isinstance(payload, list):
        return bool(payload)
    return isinstance(payload, dict) and len(payload) > 2


def items_of(values: list[Any], pointer: str) -> Iterator[Item]:
    """Give the items of a list, one after the other: reading may stop at any."""
    return (Item(value, f"{pointer}/{i}") for i, value in enumerate(values))


def read_envelope(root: Mapping[str, Any], problems: Problems, above: str = "") -> Envelope:
    """Read what a response says about itself."""
    around = {key: value for key, value in root.items() if key != "data"}
    found = _ENVELOPE.read(around, above, problems)
    raw, status = found["error"], found["status"]
    error = None
    if isinstance(raw, Mapping):
        code, message = raw.get("code"), raw.get("message")
        error = ApiError(
            code if is_id(code) else None,
            message if isinstance(message, str) else None,
        )
    elif raw is not None:
        error = ApiError(message=str(raw))
    return Envelope(
        successful=found["successful"],
        status=status if is_id(status) and isinstance(status, int) else None,
        timestamp=found["timestamp"],
        duration=found["duration"],
        server=found["server"],
        trace_id=found["trace_id"],
        error=error,
    )


def no_data(
    root: Mapping[str, Any], what_to_save: str, problems: Problems, above: str = ""
) -> InputError:
    """Say what a response without data is, whatever else is wrong with it."""
    envelope = read_envelope(root, Problems(problems.document))
    error = envelope.error
    if error is None and isinstance(root.get("message"), str):
        code = root.get("code")
        error = ApiError(code if is_id(code) else None, root["message"])
    trace = f" (trace id {envelope.trace_id})" if envelope.trace_id else ""
    if error is not None:
        number = envelope.status if error.code is None else error.code
        code = "" if number is None else f" {number}"
        message = f": {error.message}" if error.message else ""
        hint = f"the request failed, so there is no task: {_LOOK_UP}"
        text = f"is an error response{code}{message}{trace}"
        pointer = "/error" if "error" in root else "/message"
        return problems.refuse(text, f"{above}{pointer}", hint)
    if envelope.successful is False:
        text = f"says that the request failed, and not why{trace}"
        return problems.refuse(text, f"{above}/successful", _LOOK_UP)
    if not ENVELOPE_KEYS & root.keys():
        hint = f"a task has subtasks, at the top or in data: {what_to_save}"
        return problems.refuse("holds no task", "", hint)
    hint = f"it holds no task: {what_to_save}"
    return problems.refuse(f"is a response without data{trace}", above, hint)
