"""What an editor, a chat or a merge left in a text, so that no parser takes it."""

from __future__ import annotations

import re
from typing import NamedTuple

from taskgraph.errors import InputError, Problem
from taskgraph.sources.document import Document

__all__ = ["BLANKS", "CONFLICT", "CURLY", "explained", "oddity_in"]

CURLY = "“”„‟＂″«»"
CONFLICT = re.compile(r"^<{7}(?: |$)", re.MULTILINE)
BLANKS = "\u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"


class _Oddity(NamedTuple):
    sign: re.Pattern[str]
    what: str
    remedy: str
    is_of_yaml: bool = False
    """Whether it is a mistake in YAML alone."""


def _oddity(sign: str, what: str, remedy: str, *, is_of_yaml: bool = False) -> _Oddity:
    return _Oddity(re.compile(sign, re.MULTILINE), what, remedy, is_of_yaml)


_ODDITIES = (
    _oddity(
        r"^(?:<{7}|={7}|>{7})(?: .*)?$",
        "the marks of a merge conflict",
        "keep one of the sides, and remove the lines with <<<<<<<, ======= and >>>>>>>",
    ),
    _oddity(
        r"^ {0,3}(?:`{3}|~{3})", "the fence of a block of code", "remove the lines with it"
    ),
    _oddity(
        r"\x1b",
        "the colours of a terminal",
        "remove them: each begins with ESC",
    ),
    _oddity(
        f"[{BLANKS}]",
        "no-break or invisible spaces",
        "type a blank in their place",
    ),
    _oddity(f"[{CURLY}]", "curly quotes", 'type straight quotes in their place: "'),
    _oddity(
        r"(?<=: )\{\{|(?<=- )\{\{|\$\{\{|\{%|<%",
        "a place of a template that was not filled in",
        "fill in the template first",
    ),
    _oddity(r"(?<=^)\ *\t", "a tab in its indent", "indent with blanks", is_of_yaml=True),
    _oddity(
        r"^ *-\w+:(?:\s|$)",
        "no blank after a dash",
        "write a blank there",
        is_of_yaml=True,
    ),
    _oddity(
        r"^ *(?:- +)?\w+ *= ",
        "an equals sign after a key",
        "write a colon and a blank there",
        is_of_yaml=True,
    ),
    _oddity(
        r"^ *(?:- +)?\w+:[^\s:/\\]",
        "no blank after the colon of a key",
        "write a blank there",
        is_of_yaml=True,
    ),
)


def oddity_in(text: str, *, is_yaml: bool = False) -> tuple[str, str, int] | None:
    """Find what does not belong into a text: what it is, what to do, and its offset."""
    for oddity in _ODDITIES:
        if is_yaml or not oddity.is_of_yaml:
            found = oddity.sign.search(text)
            if found is not None:
                return oddity.what, oddity.remedy, found.start()
    return None


def explained(wrong: InputError, document: Document) -> InputError:
    """Say of what is no YAML or JSON which oddity in it is the reason, if there is one."""
    is_yaml = document.syntax == "yaml"
    text = document.data.decode("utf-8", "replace")
    found = oddity_in(text, is_yaml=is_yaml)
    if found is None:
        return wrong
    what, remedy, offset = found
    line = text.count("\n", 0, offset) + document.first_line
    column = offset - text.rfind("\n", 0, offset)
    message = f"is not valid {'YAML' if is_yaml else 'JSON'}: it has {what}"
    return InputError(wrong.file, [Problem(message, None, line, column)], remedy)
