"""YAML, as far as JSON goes: to plain values, and to lines and columns.

The plain values are those of YAML 1.2's core schema, so that ``no`` is a text and
``1:30`` is no number. The events are followed without recursion, and aliases may not
multiply without bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from taskgraph.errors import InputError, Problem
from taskgraph.privacy.secret_signs import MASK, is_secret_key
from taskgraph.sources.document import DocumentText, Problems
from taskgraph.sources.limits import refusal
from taskgraph.sources.oddities import CURLY, explained
from taskgraph.sources.parsing import refuse_invalid
from taskgraph.sources.places import escape_token, place_in

if TYPE_CHECKING:
    from yaml.events import Event, ScalarEvent

_MOST_BYTES = 4 << 20  # YAML takes some 30 times as long as JSON
_MOST_VALUES = 1_000_000
_DEEPEST = 200  # as the parser of JSON has it
_WORDS: dict[str, bool | None] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True)
_WORDS |= dict.fromkeys(("false", "False", "FALSE"), False)
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|"
    r"\.(?:nan|NaN|NAN)"
)
_LONGEST_NUMBER = 4000  # digits; Python itself converts up to 4,300
_CORE = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"!", f"{_CORE}str"})
_MERGE = "<<"
_CURLY = re.compile(f"[{CURLY}](.*)[{CURLY}]")


def parse_yaml(document: DocumentText, problems: Problems | None = None) -> Any:
    """Parse a document; several in one text were taken apart before.

    Curly quotes around what has no others, and a key that stands twice, are noted in the
    problems. Raises InputError without these, if it is not valid, is nested too deep, or
    is too large, also by its aliases.
    """
    if len(document.data) > _MOST_BYTES:
        what = f"is YAML of more than {_MOST_BYTES >> 20} MiB"
        raise refusal(document.file, what, "write it as JSON")
    refuse_invalid(document)
    noted = Problems(document) if problems is None else problems
    builder = _Builder(noted)
    try:
        for event in _events(document):
            builder.take(event)
    except InputError as error:
        raise explained(error, document) from None
    wrong = noted.error() if problems is None else None
    if wrong is not None:
        raise wrong
    return builder.root


def _events(document: DocumentText) -> Iterator[Event]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = document.data.decode()
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        reason = " ".join(filter(None, (error.context, error.problem)))
        begin = _offset(error.context_mark)
        hint = _remedy(error.problem or "", place_in(text, begin, document.first_line)[0])
        what = f"is not valid YAML: {reason}"
        offset = _offset(error.problem_mark or error.context_mark)
        raise _refused(document, what, offset, hint) from None
    except yaml.YAMLError as error:
        reason = str(error).partition("\n")[0]
        raise InputError(
            document.file, [Problem(f"is not valid YAML: {reason}")], _MEND
        ) from None


_MEND = "mend the YAML there"
_REMEDIES = (
    ("tab", "indent YAML with blanks, not with tabs"),
    ("expected ',' or ']'", "close the bracket [ of line {opened}"),
    ("expected ',' or '}'", "close the brace {{ of line {opened}"),
    ("node content", "close what is open before it: a bracket, or a brace"),
    ("block sequence", "a list begins on the next line, or is written [a, b]"),
    ("end of stream", "close the quotes of line {opened}"),
    (
        "mapping values",
        "a text with a colon and a blank in it needs quotes, or mend the indent",
    ),
    ("expected ':'", "a key is followed by a colon and a blank"),
    ("cannot start any token", "put the text into quotes"),
    ("did not find expected", "mend the indent: it must be that of the lines before"),
    ("undefined alias", "name an anchor that stands before it"),
)
"""What mends YAML, by a part of what the parser says."""


def _remedy(problem: str, opened: int) -> str:
    fitting = (
        remedy for part, remedy in _REMEDIES if part in problem.replace("\\t", "tab")
    )
    return next(fitting, _MEND).format(opened=opened)


def _refused(
    document: DocumentText, message: str, offset: int, hint: str = _MEND
) -> InputError:
    line, column = place_in(document.data.decode(), offset, document.first_line)
    return InputError(document.file, [Problem(message, None, line, column)], hint)


def _offset(mark: Any) -> int:
    """Give where a mark is, if any; its line and column are not those of an editor."""
    return 0 if mark is None else mark.index


class _Open:
    """A sequence or a mapping that has not ended."""

    __slots__ = ("anchor", "key", "merged", "size", "value")

    def __init__(self, value: list[Any] | dict[str, Any], anchor: str | None) -> None:
        self.value = value
        self.anchor = anchor
        self.key: str | None = None
        self.merged: list[Any] = []
        self.size = 1


class _Builder:
    """Makes plain values from events."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.document = problems.document
        self.root: Any = None
        self.total = 0
        self.has_curly = False
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int]] = {}

    def refuse(self, message: str, event: Event) -> InputError:
        return _refused(self.document, message, _offset(event.start_mark))

    def _shown(self, name: str) -> str:
        """Give the name of a tag or an alias: it may be a password that begins so."""
        is_secret = any(is_secret_key(above.key) for above in self.stack if above.key)
        return MASK if is_secret else name

    def take(self, event: Event) -> None:
        """Take the next event."""
        from yaml import events

        if isinstance(event, events.ScalarEvent):
            top = self.stack[-1] if self.stack else None
            if top is not None and isinstance(top.value, dict) and top.key is None:
                self._key(top, event)
            else:
                self._place(self._scalar(event), 1, event.anchor, event)
        elif isinstance(event, events.AliasEvent):
            self._need_key(event)
            if event.anchor not in self.anchors:
                alias = self._shown(f"*{event.anchor}")
                is_open = any(above.anchor == event.anchor for above in self.stack)
                what = "stands for itself" if is_open else "has no anchor before it"
                raise self.refuse(f"the alias {alias} {what}", event)
            value, size = self.anchors[event.anchor]
            self._place(value, size, None, event)
        elif isinstance(event, events.CollectionStartEvent):
            self._open(event)
        elif isinstance(event, events.CollectionEndEvent):
            self._close(event)

    def _open(self, event: Any) -> None:
        from yaml.events import SequenceStartEvent

        self._need_key(event)
        if len(self.stack) >= _DEEPEST:
            raise self.refuse(f"nested more than {_DEEPEST} levels deep", event)
        value: list[Any] | dict[str, Any]
        value = [] if isinstance(event, SequenceStartEvent) else {}
        usual = "seq" if isinstance(event, SequenceStartEvent) else "map"
        if event.tag not in (None, "!", f"{_CORE}{usual}"):
            raise self.refuse(f"the tag {self._shown(event.tag)} means nothing here", event)
        self.anchors.pop(event.anchor, None)
        self.stack.append(_Open(value, event.anchor))

    def _close(self, event: Event) -> None:
        top = self.stack.pop()
        if isinstance(top.value, dict):
            for source in top.merged:
                for key, value in source.items():
                    top.value.setdefault(key, value)
        self._place(top.value, top.size, top.anchor, event)

    def _need_key(self, event: Event) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            raise self.refuse("a key must be a text", event)

    def _key(self, top: _Open, event: ScalarEvent) -> None:
        top.key = key = self._without_curly(event)
        if key in top.value or (key == _MERGE and top.merged):
            self.problems.repeat(self._pointer())
        if event.anchor is not None:
            self.anchors[event.anchor] = key, 1

    def _place(self, value: Any, size: int, anchor: str | None, event: Event) -> None:
        """Put a finished value into what is open around it."""
        self._need_key(event)
        if anchor is not None:
            self.anchors[anchor] = value, size
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        top.size += size
        self.total += 1
        if top.size > _MOST_VALUES or self.total > _MOST_VALUES:
            message = f"holds over {_MOST_VALUES:,} values, with those behind aliases"
            raise self.refuse(message, event)
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key == _MERGE:
            sources = value if isinstance(value, list) else [value]
            if not all(isinstance(source, dict) for source in sources):
                raise self.refuse("<< needs a mapping, or a list of mappings", event)
            top.merged += sources
            top.key = None
        else:
            assert top.key is not None  # a value follows its key
            top.value[top.key] = value
            top.key = None

    def _pointer(self) -> str:
        """Point to the value that comes next."""
        steps = (
            str(len(above.value)) if isinstance(above.value, list) else above.key or ""
            for above in self.stack
        )
        return "".join(f"/{escape_token(step)}" for step in steps)

    def _without_curly(self, event: ScalarEvent) -> str:
        """Give a text without the curly quotes around it, which are told of once."""
        text: str = event.value
        quoted = _CURLY.fullmatch(text) if event.implicit[0] else None
        if quoted is None:
            return text
        if not self.has_curly:
            self.has_curly = True
            message = "curly quotes are no quotes, but a part of the text"
            hint = f"write straight ones, here and wherever they are: {quoted[1]!r}"
            self.problems.add(message, self._pointer(), hint)
        return quoted[1]

    def _scalar(self, event: ScalarEvent) -> Any:
        text, tag = self._without_curly(event), event.tag
        if tag is not None and tag not in _TEXT_TAGS:
            raise self.refuse(f"the tag {self._shown(tag)} means nothing here", event)
        if tag is not None or not event.implicit[0]:  # said to be a text, or quoted
            return text
        if text in _WORDS:
            return _WORDS[text]
        if not (_INTEGER.fullmatch(text) or _FLOAT.fullmatch(text)):
            return text
        if len(text) > _LONGEST_NUMBER:
            raise self.refuse(f"a number of over {_LONGEST_NUMBER:,} digits", event)
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in ("0x", "0o") else int(text)
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
