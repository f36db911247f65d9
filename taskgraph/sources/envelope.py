"""What stands around the tasks of a response, and responses that hold none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated, Any, Generic, NamedTuple, Required, TypeAlias, TypeVar

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from taskgraph.errors import InputError
from taskgraph.model.task import ApiError, Envelope, Task
from taskgraph.privacy.masking import mask_text
from taskgraph.sources.document import Problems
from taskgraph.sources.fields import Flag, Free, Maybe, Text, Time, Whole, is_id
from taskgraph.sources.validating import read_object, without_wrong

T = TypeVar("T")

_LOOK_UP = "look the trace id up in OCP's log"

OneOrMore: TypeAlias = T | Annotated[list[T], Field(min_length=1)]


class Around(TypedDict, total=False, extra_items=Free):  # type: ignore[call-arg]
    """What a response says about itself."""

    successful: Maybe[Flag]
    status: Maybe[Free]
    timestamp: Maybe[Time]
    duration: Maybe[Whole]
    server: Maybe[Text]
    traceId: Maybe[Text]
    error: Maybe[Free]


class Page(TypedDict, Generic[T], total=False, extra_items=Free):  # type: ignore[call-arg]
    """A part of a long list, and where in it."""

    contents: Required[list[T]]


class Response(Around, Generic[T], total=False, extra_items=Free):  # type: ignore[call-arg]
    """A whole response that holds a task, or several."""

    data: Required[OneOrMore[T] | Page[T]]


def _envelope(around: dict[str, Any]) -> Envelope:
    raw, status = around["error"], around["status"]
    error = None
    if isinstance(raw, Mapping):
        code, message = raw.get("code"), raw.get("message")
        error = ApiError(
            code if is_id(code) else None, message if isinstance(message, str) else None
        )
    elif raw is not None:
        error = ApiError(message=str(raw))
    return Envelope(
        successful=around["successful"],
        status=status if is_id(status) and isinstance(status, int) else None,
        timestamp=around["timestamp"],
        duration=around["duration"],
        server=around["server"],
        trace_id=around["traceId"],
        error=error,
    )


_ENVELOPE: TypeAlias = Annotated[Around, AfterValidator(_envelope)]
_KEYS = {*Around.__annotations__, "data"}
_KEYS_OF_ANY = _KEYS | {"contents", "dag_id", "message", "nodes", "operation", "subtasks"}


class Item(NamedTuple):
    """One object that should be a task, and its pointer."""

    value: Any
    pointer: str


class Opened(NamedTuple):
    """What a document holds, and what the response says that it came in."""

    items: Iterator[Item]
    envelope: Envelope | None = None
    is_sound: bool = True
    """Nothing is wrong with the response itself."""

    def each(self, read: Callable[..., list[Task]], problems: Problems) -> list[Task]:
        """Read each item with what the response says of itself."""
        reader = partial(read, envelope=self.envelope, problems=problems)
        tasks = problems.each(self.items, reader)
        return tasks if self.is_sound else []


def open_response(
    root: Mapping[str, Any], what_to_save: str, problems: Problems, above: str
) -> Opened:
    """Give what a response holds in ``data``, in a list there, or in a page there.

    ``above`` is the pointer of the response.

    Raises InputError if it is an error, or has no data, or an empty list.
    """
    payload, pointer = root.get("data"), f"{above}/data"
    if payload is None or (_tells_of_a_failure(root) and not _may_hold_tasks(payload)):
        raise _no_data(root, what_to_save, problems, above)
    before = problems.count
    around = {key: value for key, value in root.items() if key != "data"}
    envelope = read_object(_ENVELOPE, around, above, problems)
    items = iter([Item(payload, pointer)])
    if isinstance(payload, dict) and payload.get("contents") is not None:
        page = read_object(Page[Any], payload, pointer, problems)
        payload, pointer = payload["contents"], f"{pointer}/contents"
        items = iter(()) if page is None else items
    if isinstance(payload, list):
        if not payload:
            raise problems.refuse("is a list without tasks", pointer, what_to_save)
        items = items_of(payload, pointer)
    return Opened(items, envelope, problems.count == before)


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


def may_answer(root: Mapping[str, Any]) -> bool:
    """Tell whether an object has anything that responses, tasks and subtasks have."""
    return bool(_KEYS_OF_ANY & root.keys())


def _no_data(
    root: Mapping[str, Any], what_to_save: str, problems: Problems, above: str
) -> InputError:
    """Say what a response without data is, whatever else is wrong with it."""
    around = {key: value for key, value in root.items() if key != "data"}
    envelope: Envelope = without_wrong(_ENVELOPE, around)
    error = envelope.error
    if error is None and isinstance(root.get("message"), str):
        code = root.get("code")
        error = ApiError(code if is_id(code) else None, root["message"])
    trace = f" (trace id {envelope.trace_id})" if envelope.trace_id else ""
    if error is not None:
        number = envelope.status if error.code is None else error.code
        code = "" if number is None else f" {mask_text(str(number))}"
        message = f": {mask_text(error.message)}" if error.message else ""
        hint = f"the request failed, so there is no task: {_LOOK_UP}"
        text = f"is an error response{code}{message}{trace}"
        pointer = "/error" if "error" in root else "/message"
        return problems.refuse(text, f"{above}{pointer}", hint)
    if envelope.successful is False:
        text = f"says that the request failed, and not why{trace}"
        return problems.refuse(text, f"{above}/successful", _LOOK_UP)
    if not _KEYS & root.keys():
        hint = f"a task has subtasks, at the top or in data: {what_to_save}"
        return problems.refuse("holds no task", above, hint)
    hint = f"it holds no task: {what_to_save}"
    return problems.refuse(f"is a response without data{trace}", above, hint)
