"""From JSON text to validated raw values, and every problem on the way named."""

from __future__ import annotations

import gc
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic_core import CoreSchema, SchemaValidator, ValidationError

from taskgraph.errors import InputError, Problem
from taskgraph.sources.positions import escape_token, locate, split_pointer

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = [
    "MEND",
    "Shape",
    "count_keys",
    "describe",
    "input_error",
    "non_finite",
    "parse",
    "paused_collector",
    "refuse_repeated_keys",
]

_EXPECTED = {
    "id_type": "must be a whole number or a text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "string_type": "must be a text",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "greater_than_equal": "must fit in 64 bits",
    "less_than_equal": "must fit in 64 bits",
}
_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
MEND = "mend what is named here, or save the response of the API again"
_PLACE = re.compile(r" at line (\d+) column (\d+)$")
_SPACED_COLONS = (b" :", b"\t:", b"\n:", b"\r:")


Shape: TypeAlias = Callable[[], CoreSchema]
"""Gives the schema of a document."""


@cache
def _validator(shape: Shape) -> SchemaValidator:
    return SchemaValidator(shape())


@contextmanager
def paused_collector() -> Iterator[None]:
    """Keep the cyclic garbage collector from walking a growing document again and again.

    A document holds no reference cycles, so there is nothing for it to find.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def parse(
    shape: Shape, data: bytes, file: str, *, data_is_list: Shape | None = None
) -> Any:
    """Parse and validate a document in one pass.

    Parameters
    ----------
    shape : callable
        Gives the schema; one from :mod:`taskgraph.sources.shapes`.
    data : bytes
        JSON in UTF-8.
    file : str
        The name for messages.
    data_is_list : callable, optional
        The shape to take where ``data`` turns out to be a list.

    Raises
    ------
    InputError
        With every problem, in the order of the document.
    """
    try:
        return _validator(shape).validate_json(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
    if data_is_list is not None and any(_is_list_in_data(detail) for detail in details):
        return parse(data_is_list, data, file)
    raise _translate(details, data, file)


def _is_list_in_data(detail: ErrorDetails) -> bool:
    return detail["loc"] == ("data",) and isinstance(detail["input"], list)


def _translate(details: list[ErrorDetails], data: bytes, file: str) -> InputError:
    if details[0]["type"] == "json_invalid":
        return _syntax_error(str(details[0]["ctx"]["error"]), data, file)
    problems = [
        Problem(
            _message(detail), "".join(f"/{escape_token(str(s))}" for s in detail["loc"])
        )
        for detail in details
    ]
    return input_error(file, problems, data, MEND)


def input_error(
    file: str, problems: list[Problem], data: bytes, hint: str = ""
) -> InputError:
    """Make the error that names every problem with its line and column, in order."""
    places = locate(data, (problem.pointer or "" for problem in problems))
    placed = [
        Problem(problem.message, problem.pointer, *places.get(problem.pointer or "", ()))
        for problem in problems
    ]
    placed.sort(key=lambda problem: (problem.line or 0, problem.column or 0))
    return InputError(file, placed, hint)


def _message(detail: ErrorDetails) -> str:
    field = str(detail["loc"][-1]) if detail["loc"] else "the document"
    if detail["type"] == "missing":
        return f"{field} is missing"
    expected = _EXPECTED.get(detail["type"], detail["msg"])
    what = f"item {field}" if field.isdecimal() else field
    return f"{what} {expected}, not {describe(detail['input'])}"


def describe(value: object) -> str:
    """Say in a few words what a JSON value is.

    Examples
    --------
    >>> describe("30"), describe(True), describe([])
    ('the text "30"', 'true', 'a list')
    """
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, str):
        shown = value if len(value) <= 40 else f"{value[:39]}…"
        return f"the text {json.dumps(shown, ensure_ascii=False)}"
    if isinstance(value, int) and abs(value) >= 10**20:
        return "a number of over 20 digits"
    if isinstance(value, float) and not math.isfinite(value):
        return _NOT_FINITE[str(value)]
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "an object"


def _syntax_error(reason: str, data: bytes, file: str) -> InputError:
    place = _PLACE.search(reason)
    reason = _PLACE.sub("", reason)
    start = data.lstrip()[:200].lower()
    if not start:
        return InputError(file, [Problem("is empty")], "save the response body again")
    if start.startswith(b"<"):
        kind = "an HTML page" if b"<html" in start or b"<!doctype" in start else "markup"
        problem = Problem(f"is {kind}, not JSON")
        hint = "log in again and save the response of the API, not the page of a browser"
        return InputError(file, [problem], hint)
    hint = "the document is damaged from there on: mend it, or save the response again"
    if reason.startswith("EOF"):
        reason, hint = (
            "the document ends too early",
            "it was cut off: save the response again",
        )
    elif reason.startswith("recursion"):
        reason, hint = "nested more than 200 levels deep", "this is no task response"
    elif reason.startswith("number out of range"):
        hint = "no id, timeout or count has that many digits"
    elif "hex escape" in reason:
        reason, hint = "a \\u escape is half of a pair", "a program cut a text in two there"
    elif reason.startswith("trailing characters"):
        reason = "more text follows after the end of the document"
    line, column = map(int, place.groups()) if place else (1, 1)
    line, column = _in_characters(data, line, column)
    return InputError(
        file, [Problem(f"is not valid JSON: {reason}", None, line, column)], hint
    )


def _in_characters(data: bytes, line: int, column: int) -> tuple[int, int]:
    """Turn the parser's column, in bytes, into one in characters, from 1."""
    lines = data.split(b"\n", line)
    text = lines[line - 1] if line <= len(lines) else b""
    return line, max(1, len(text[:column].decode("utf-8", "ignore")))


def refuse_repeated_keys(data: bytes, keys: int, file: str) -> None:
    """Refuse a document in which an object has a key twice: one value would be lost.

    Parameters
    ----------
    data : bytes
        JSON in UTF-8 that has been parsed.
    keys : int
        How many keys the parsed objects have together. Where the text has as many
        ``":``, no key was lost, and the slow way is not taken.

    Raises
    ------
    InputError
    """
    counted = data.count(b'":') - data.count(b'\\":')
    if counted == keys and not any(colon in data for colon in _SPACED_COLONS):
        return
    repeated: dict[int, str] = {}

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            names = [name for name, _ in pairs]
            repeated[id(found)] = next(n for n in names if names.count(n) > 1)
        return found

    tree = json.loads(data, object_pairs_hook=note, parse_int=len)
    if repeated:
        pointers = [
            f"{pointer}/{escape_token(repeated[id(value)])}"
            for pointer, value in _objects(tree)
            if id(value) in repeated
        ]
        problems = [
            Problem("the object has this key twice", pointer) for pointer in pointers
        ]
        raise input_error(file, problems, data, "remove one of the two")


def count_keys(value: Any) -> int:
    """Count the keys of all objects in a value."""
    return sum(len(found) for _, found in _objects(value))


def _objects(tree: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    stack = [("", tree)]
    while stack:
        pointer, value = stack.pop()
        if isinstance(value, dict):
            yield pointer, value
            stack += [(f"{pointer}/{escape_token(key)}", v) for key, v in value.items()]
        elif isinstance(value, list):
            stack += [(f"{pointer}/{index}", v) for index, v in enumerate(value)]


def non_finite(value: Any, pointer: str) -> Iterator[Problem]:
    """Name every number in a value that JSON does not have: NaN and the infinities."""
    stack = [(pointer, value)]
    while stack:
        pointer, value = stack.pop()
        if isinstance(value, dict):
            stack += [(f"{pointer}/{escape_token(key)}", v) for key, v in value.items()]
        elif isinstance(value, list):
            stack += [(f"{pointer}/{index}", v) for index, v in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            field = split_pointer(pointer)[-1]
            what = f"item {field}" if field.isdecimal() else field
            yield Problem(f"{what} must be a finite number, not {describe(value)}", pointer)
