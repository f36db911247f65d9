"""The libraries that only the history of many documents needs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from taskgraph.errors import ConfigError

__all__ = ["needs_extras"]

P = ParamSpec("P")
R = TypeVar("R")

_EXTRAS = {
    "dask": "dask",
    "distributed": "dask",
    "duckdb": "history",
    "fsspec": "history",
    "numpy": "history",
    "pyarrow": "history",
}


def needs_extras(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function say what to install where a library that it imports is missing.

    Raises
    ------
    ConfigError
        By the function, with the name of the extra.
    """

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except ModuleNotFoundError as error:
            library = (error.name or "").partition(".")[0]
            extra = _EXTRAS.get(library)
            if extra is None:
                raise
            raise ConfigError(
                f"{library} is missing, which this command needs\n  hint: install the "
                f"extra {extra!r}, in the project's folder: pip install '.[{extra}]'"
            ) from None

    return wrapped
