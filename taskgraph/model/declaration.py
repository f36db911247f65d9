"""How JSON that crosses the border is declared: one type checks it and gives its schema."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from types import GenericAlias
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Generic,
    Literal,
    NotRequired,
    TypeAlias,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    with_config,
)
from pydantic_core import PydanticCustomError, PydanticKnownError, core_schema
from typing_extensions import TypedDict  # pydantic asks for it before Python 3.12

from taskgraph.model.durations import LARGEST, parse_duration

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


def _no_truth(value: Any) -> Any:
    if isinstance(value, bool):  # to Python, and so to Literal, true is 1
        raise PydanticKnownError("literal_error", {"expected": "1"})
    return value


FirstVersion: TypeAlias = Annotated[Literal[1], BeforeValidator(_no_truth)]
"""The version of a form of which there is no other yet."""


END = r"$(?!\n)"
"""The end of a text in a pattern; to Python, ``$`` alone is also before a last newline."""
_COUNT = "[0-9]{1,12}"
_DURATION = re.compile(
    rf"^ *({_COUNT}|(?=[0-9])({_COUNT} *d *)?({_COUNT} *h *)?"
    rf"({_COUNT} *(m|min) *)?({_COUNT} *s *)?) *{END}"
)


def rounded(value: Any) -> Any:
    """Read 30.0 as 30: to JSON Schema, and to many programs, both are whole numbers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Duration: TypeAlias = Annotated[
    Annotated[int, Field(strict=True, ge=0, le=LARGEST)]
    | Annotated[str, Field(strict=True, pattern=_DURATION), AfterValidator(parse_duration)],
    Field(
        union_mode="left_to_right",
        description="Seconds, or a text like 30s, 30m or 1h30m.",
    ),
]
"""Becomes seconds."""

_STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(_STRICT)
class Closed(TypedDict):
    """A JSON object with the declared keys and no other; the base of all that we write."""


R = TypeVar("R")


class Rows(Generic[R]):
    """Many objects with the same keys, as the columns of their values.

    To check and to write them takes a third of the time of as many dictionaries, and less
    memory. In a declaration it stands for a list of such objects, and is one in the schema.

    Parameters
    ----------
    columns : mapping of str to sequence
        The values of each key, all of one length.
    """

    def __init__(self, columns: Mapping[str, Sequence[Any]]) -> None:
        self.columns = columns

    def __len__(self) -> int:
        """Count the objects."""
        return min(map(len, self.columns.values()), default=0)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Check columns, or a list of objects as ever."""
        (declared,) = get_args(source)

        def check(value: Any, as_list: core_schema.ValidatorFunctionWrapHandler) -> Any:
            if not isinstance(value, Rows):
                return as_list(value)
            columns = {key: list(column) for key, column in value.columns.items()}
            if len(set(map(len, columns.values()))) > 1:
                raise PydanticCustomError("rows", "the columns have different lengths")
            return cls(_column_adapter(declared).validate_python(columns))

        rows = handler.generate_schema(GenericAlias(list, (declared,)))
        return core_schema.no_info_wrap_validator_function(check, rows)


@cache
def _column_adapter(declared: Any) -> TypeAdapter[dict[str, list[Any]]]:
    """Make what checks objects by columns: of each key all values at once."""
    from pydantic import TypeAdapter

    columns: dict[str, Any] = {}
    for key, hint in get_type_hints(declared, include_extras=True).items():
        is_optional = get_origin(hint) is NotRequired
        column = GenericAlias(list, get_args(hint) if is_optional else (hint,))
        columns[key] = NotRequired[column] if is_optional else column
    make: Any = TypedDict
    return TypeAdapter(with_config(_STRICT)(make("Columns", columns)))


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
            Built by us.

        Raises
        ------
        pydantic.ValidationError
            If it is not as declared: a fault of ours.
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
