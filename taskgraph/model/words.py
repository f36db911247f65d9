"""How texts say things: names, counts and lists, the same in every output.

Nothing is escaped here, and only :func:`visible` makes a text safe to show: each output
does that for itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from taskgraph.model.engine import is_part
from taskgraph.model.task import Id, Subtask, Task, id_key

NAMED = 5
"""How many of many are named; the rest is counted."""
UNCOUNTED = ", not counting what has no limit"
"""What stands behind a bound that has no part for some subtasks, which are not named."""
OF_ITS_NAME = "of its name"
"""Of which runs a number is: a task may have several subtasks of one name."""

_LONGEST_NAME = 60
_TOGETHER = re.compile(
    r"(?<=\d) (?=(?:d|h|min|s)\b)|(?:(?<=\d [dh])|(?<=\d min)) (?=\d+ (?:h|min|s)\b)"
)
# Compiled where it is needed: it takes long, and most documents are plain.
_STEERING = (
    "[\x7f-\xa0\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202f\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_COMMAND = re.compile(r"##(?=\[|vso\[)")
_USUAL = 0x3000  # of the codes beyond there are a million
_LONGEST = 256  # what is longer is near to nothing
JOINERS = frozenset("\u200c\u200d")
"""What has no width, and scripts and emoji need."""


def visible(text: str) -> str:
    r"""Show a text on one line, with everything invisible spelt out.

    Control characters become their pictures (``␛``), marks that change the direction
    of the text, blanks of other kinds and what is invisible become ``⟨U+202E⟩``: a name can
    neither steer a terminal nor pass for another name.

    Examples
    --------
    >>> visible("a\nb")
    'a␊b'
    """
    if text.isprintable():
        return text
    return text.translate(_VISIBLE)


def in_json(text: str) -> str:
    r"""Spell out in JSON what steers terminals and directions, or is half a character.

    Such characters stand only in texts, where JSON has an escape for each.
    """
    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(_STEERING, lambda match: f"\\u{ord(match[0]):04x}", text)


def commandless(line: str) -> str:
    """Keep a line of text from being a command to the log of a CI service.

    Those are ``::name::`` at its beginning, and ``##[name]`` or ``##vso[name]`` anywhere.
    """
    if line.lstrip().startswith("::"):
        line = line.replace("::", ": :", 1)
    return _COMMAND.sub("# #", line) if "##" in line else line


class _Visible(dict[int, str]):
    """How each character is shown, by its code; those that came before are kept."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        is_shown = char.isprintable() or char in JOINERS
        shown = char if is_shown else _spelt(char)
        if code < _USUAL:
            self[code] = shown
        return shown


_VISIBLE = _Visible()


def _spelt(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if char == "\u3000":  # wide, and between Chinese words as usual as a blank
        return char
    return f"⟨U+{code:04X}⟩"


def shorten(text: str, length: int = _LONGEST_NAME) -> str:
    """Cut a text that is longer than so many characters."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def unbroken(text: str, space: str = "\u00a0") -> str:
    """Keep a duration on one line.

    Examples
    --------
    >>> unbroken("takes 2 h 13 min 30 s more", "~")
    'takes 2~h~13~min~30~s more'
    """
    return _TOGETHER.sub(space, text)


def plural(number: int, one: str, more: str) -> str:
    """Choose the wording that fits a number of things."""
    return one if number == 1 else more


def counted(number: int, noun: str = "") -> str:
    """Write a number of things with its thousands apart, and with its noun if given.

    Examples
    --------
    >>> counted(1, "subtask"), counted(2000, "subtask"), counted(2000)
    ('1 subtask', '2,000 subtasks', '2,000')
    """
    return f"{number:,} {noun}{plural(number, '', 's')}" if noun else f"{number:,}"


def percent(part: float, whole: float) -> str:
    """Write a share; a part is never rounded to the whole.

    Examples
    --------
    >>> percent(3600, 3960), percent(9999, 10_000), percent(1, 1)
    ('90.9 %', '99.9 %', '100.0 %')
    """
    share = 100 * part / whole
    return f"{min(share, 99.9) if part < whole else share:.1f} %"


def percent_used(part: int, whole: int) -> str:
    """Write a share of a time that was measured, which is cut as such times are.

    Examples
    --------
    >>> percent_used(79_999_999, 100_000_000), percent_used(113, 100)
    ('79.9 %', '113.0 %')
    """
    tenths = 1000 * part // whole
    return f"{tenths // 10}.{tenths % 10} %"


def and_more(count: int, word: str = "and") -> str:
    """Count what is not named of a list, behind what is."""
    return f"{word} {counted(count)} more"


def joints(total: int, word: str = "and") -> tuple[str, ...]:
    """Give what stands after each name of a list, the first few of which are named.

    Examples
    --------
    >>> joints(3), joints(7)
    ((', ', ' and ', ''), (', ', ', ', ', ', ', ', ' and 2 more'))
    """
    if total > NAMED:
        return (*(", ",) * (NAMED - 1), f" {and_more(total - NAMED, word)}")
    return (*(", ",) * (total - 2), *(f" {word} ",) * (total > 1), *("",) * (total > 0))


def listed(texts: Iterable[str], total: int | None = None, word: str = "and") -> str:
    """Join texts: ``a``, ``a and b``, ``a, b and c``; of many only the first few.

    Parameters
    ----------
    texts : iterable of str
        At least the first few.
    total : int, optional
        How many there are.
    word : str
        What joins the last one.
    """
    if total is None:
        texts = tuple(texts)
        total = len(texts)
    pairs = zip(texts, joints(total, word), strict=False)
    return "".join(f"{text}{joint}" for text, joint in pairs)


def name_of(named: Subtask | Task) -> str:
    """Name it as it can be shown, even where it has no name."""
    return visible(named.name).strip() or "(no name)"


def title_of(task: Task) -> str:
    """Give the name of a task as the headline of what is said of it."""
    return visible(task.name).strip() or "Task without a name"


def label(subtask: Subtask) -> str:
    """Name a subtask by id and name: ``13175719 'Stop obproxy'``."""
    name, identifier = subtask.name.strip(), str(subtask.id)
    if not name:
        return shorten(identifier) if identifier.strip() else quoted(identifier)
    if name == identifier:
        return quoted(name)
    return f"{shorten(identifier)} {quoted(name)}"


def quoted(name: str) -> str:
    """Write the name of a subtask alone: ``'Stop obproxy'``."""
    return f"'{shorten(name.strip())}'"


def labels(subtasks: Iterable[Subtask]) -> str:
    """Name several subtasks, ascending by id; of many only the first few.

    Several parts of a split are counted; a few of them have their ids.
    """
    groups: dict[object, list[Subtask]] = {}
    for subtask in sorted(subtasks, key=lambda sub: (id_key(sub.id), sub.name)):
        key = subtask.name if is_part(subtask) else (subtask.id, len(groups))
        groups.setdefault(key, []).append(subtask)
    texts = [_counted_parts(group) for group in groups.values()]
    if len(texts) <= NAMED:
        return listed(texts)
    hidden = sum(map(len, list(groups.values())[NAMED:]))
    return f"{', '.join(texts[:NAMED])} {and_more(hidden)}"


def _counted_parts(group: Sequence[Subtask]) -> str:
    if len(group) == 1:
        return label(group[0])
    parts = f"{len(group):,} parts of {quoted(group[0].name)}"
    return parts if len(group) > NAMED else f"{parts} ({id_list(group)})"


def id_list(subtasks: Sequence[Subtask], word: str = "and") -> str:
    """List the ids of subtasks in their order; of many only the first few."""
    texts = (shorten(str(subtask.id)) for subtask in subtasks)
    return listed(texts, len(subtasks), word)


def ascending(ids: Iterable[Id]) -> tuple[Id, ...]:
    """Sort ids, without repetition."""
    return tuple(sorted(set(ids), key=id_key))


def arrow(ids: Sequence[Id], shown: int = 8) -> str:
    """Write a walk: ``a -> b -> c``; of a long one the beginning and the end."""
    texts = [shorten(str(identifier)) for identifier in ids]
    if len(texts) > shown + 1:
        hidden = len(texts) - shown
        texts = [*texts[: shown - 1], f"({hidden:,} more)", texts[-1]]
    return " -> ".join(texts)


def folded(key: str) -> str:
    """Fold a key to what all spellings of it share: no case, and no signs in it."""
    return re.sub(r"[\s_.-]", "", key).lower()


def nearest_text(text: str, known: Collection[str], likeness: float = 0.8) -> str | None:
    """Find the text that was meant: in other letters, with other blanks, or misspelt.

    Of short words, of which few are known, less likeness is enough: ``shwo`` is ``show``.
    """
    if len(text) > _LONGEST:
        return None
    from difflib import get_close_matches

    names = {folded(name): name for name in sorted(known, reverse=True)}
    exact = names.get(folded(text))
    if exact is not None:
        return exact
    near = get_close_matches(folded(text), names, 1, likeness)
    return names[near[0]] if near else None
