"""How JSON that crosses the border is declared: one type checks it and gives its schema."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict  # pydantic asks for it before Python 3.12

from taskgraph.errors import Problem

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

__all__ = ["Closed", "Declaration", "problems"]

T = TypeVar("T")

_WORDS: Final = {
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be an object",
}


@with_config(ConfigDict(strict=True, extra="forbid"))
class Closed(TypedDict):
    """A JSON object with the declared keys and no other; the base of all that we write."""


class Declaration(Generic[T]):
    """A JSON document that has a name, and the type that says what is in it.

    What pydantic needs to check it is built when it is first needed, and only for it.

    Parameters
    ----------
    name : str
        The name by which ``taskgraph schema`` prints its schema.
    declared : type
        What pydantic can make a ``TypeAdapter`` of.
    summary : str
        What the document is, a line for people.
    version : int
        The version of the form.
    """

    def __init__(self, name: str, declared: Any, summary: str, version: int = 1) -> None:
        self.name = name
        self.summary = summary
        self._declared = declared
        self._version = version

    @cached_property
    def _adapter(self) -> TypeAdapter[T]:
        from pydantic import TypeAdapter

        return TypeAdapter(self._declared)

    def checked(self, content: Any) -> T:
        """Give the content as declared: with the keys in the order of the declaration.

        Parameters
        ----------
        content : object
            Built by us, or parsed from JSON.

        Raises
        ------
        pydantic.ValidationError
            If it is not as declared. For content that we built that is a fault of ours;
            :func:`problems` says it in words where it is a user's.
        """
        return self._adapter.validate_python(content)

    def schema(self) -> dict[str, Any]:
        """Give the JSON Schema (draft 2020-12)."""
        from pydantic.json_schema import GenerateJsonSchema

        class _Generate(GenerateJsonSchema):
            """Without titles that only say the name of a key again."""

            def field_title_should_be_set(self, schema: Any) -> Literal[False]:  # noqa: ARG002
                return False

        generated = self._adapter.json_schema(schema_generator=_Generate)
        about = {
            "$schema": GenerateJsonSchema.schema_dialect,
            "$id": f"urn:taskgraph:{self.name}:{self._version}",
            "title": self.summary,
            "description": f"Within version {self._version} a later release may add "
            "properties, and tells them in its schema; none is removed or changes its "
            "meaning.",
        }
        return about | {key: item for key, item in generated.items() if key not in about}


def problems(error: ValidationError) -> Iterator[Problem]:
    """Say in our words what is wrong with a document, each thing with its place."""
    for fault in error.errors(include_url=False, include_context=False):
        place, words = fault["loc"], _WORDS.get(fault["type"], fault["msg"])
        if fault["type"] == "missing":  # what is not there has no place
            place, words = place[:-1], f"has no {place[-1]}"
        steps = (str(step).replace("~", "~0").replace("/", "~1") for step in place)
        yield Problem(words, "".join(f"/{step}" for step in steps))
