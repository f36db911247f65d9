"""Where the value of a secret ends, and whether a value is one.

Logs and parameters hold values as people, shells, SQL and JSON write them, often in
several layers of escapes, and cut off in the middle. If in doubt, more belongs to the
value: here it is a secret. What is scanned is masked then, or is short, so that a text
takes no more than its length.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

from taskgraph.privacy.secret_signs import MASK, words

Span: TypeAlias = tuple[int, int]
"""Where something begins, and where it ends."""

PRIVATE_KEY = re.compile(
    r"-{4,5}\ ?(?P<edge>BEGIN|END)\ [A-Z0-9\ ]{0,30}PRIVATE\ KEY(?:\ BLOCK)?(?:\ ?-{4,5})?"
)
"""Where one begins, or ends."""
AFTER_OPTION = re.compile(
    r"""\\{0,15}["']\s{0,4},\s{0,4}[ub]?(?=\\{0,15}["'])"""
    r"""|\\{0,15}["']?\s{1,4}+(?=\\{0,15}["']|[^\s=|>&;-])"""
    r"""|,\s{0,4}(?=[^\s,\]"'-][^\s,\]"']{0,200}[,\]])"""
)
"""What stands between an option and its value."""

_COUNT = re.compile(r"""\d{1,6}(?:\.\d{1,3})?[a-z]{0,2}(?=[\s,;.)/%\]}]|\Z)""")
_STOP = re.compile(r"""[\s,;&})\]"']|\Z""")
_RUN = re.compile(r"""[^\s,;&})\]"'<]*(?:<(?!/)[^\s,;&})\]"'<]*)*""")
_WORD = re.compile(r"[A-Za-z0-9]{1,64}(?=[,;]|\s(?!\{\s))")
"""As most values begin: then nothing behind it changes what it is."""
# After a comma and the like a value goes on, unless the next field begins there.
_JOINTS = frozenset(",;&})]")
_NO_MORE = frozenset(",;&(){}[]\"'\\<")
_FIELD = re.compile(r"([\w.-]{1,64}+)\s{0,4}[=:]")
_QUOTES = frozenset("\"'")
_OPENING_QUOTE = re.compile(r"""(\\{0,15})(["'`])""")
_OPENING = re.compile(r"(?:\[\])?[\w.$]{0,64}(?:[\[({]|\s\{(?=\s))")
# Of shells: a quote inside of quotes that end for it and begin anew.
_QUOTE_INSIDE = re.compile(r"""(?:"'"|\\')'""")
# A tag or an anchor of YAML, or a type and a length as programs in Go print them.
_MARKS = re.compile(
    r"(?:[&!][\w!/:.,-]{1,64}+[^\S\n]{1,4}+)++"
    r"|(?:\((?:\*{0,2}\w{1,20}|len=[\w =]{1,40})\)\s?){1,3}(?=\\{0,15}\")"
)
_REST_IS_BLANK = re.compile(r"[^\S\n]*(?:\n|\Z)")
_NESTING = re.compile(r"""(\\{0,15})(["'])|[\[({\])}]""")
_CLOSING = re.compile(r"[\])}]")
_BLOCK = re.compile(r"[|>][+-]?[1-9]?[^\S\n]*(?:\n[^\S\n]+[^\n]*)+")
_BEFORE_MARKS = frozenset("&!(")
_BEFORE_QUOTES = frozenset(" \t,:=[({")
_LONGEST_CALL, _LONGEST_STRUCTURE = 100, 20_000
_NOTHING = frozenset({"true", "false", "null", "none", "nil", "~", "[]", "{}"})
_LONGEST_NOTHING = 5
VALUE_WORDS = "after|before|content|current|default|new|old|val(?:ue)?|(?:参数)?值"
"""What stands between a name and its value, or before both."""
_VALUE_WORD = re.compile(
    rf"""(?:{VALUE_WORDS}|(?<![a-z])v)[\st"'`\\\]]{{0,40}}[=:：＝>\x1b-]"""
)


class _Finder:
    """Where the next word before a value is, asked for at ever later places."""

    def __init__(self, small: str) -> None:
        self._small, self._from, self._next = small, 0, -1

    def next(self, at: int) -> int:
        """Find the next one from a place on; the end where there is none."""
        if not self._from <= at <= self._next:
            word = _VALUE_WORD.search(self._small, at)
            self._from, self._next = at, word.start() if word else len(self._small)
        return self._next


class Scan:
    """One way through a text, from its begin to its end."""

    def __init__(self, text: str, small: str) -> None:
        self.text = text
        self.ahead, self.behind = _Finder(small), _Finder(small)
        self.kept = 0
        """The end of the last secret."""
        self.read = 0
        """The end of the last secret, or key: nothing before it is part of another key."""
        self.client = ""
        """The program whose options these are."""
        self.client_end = -1
        self._begin, self._end = 0, -1

    def line_end(self, at: int) -> int:
        """Tell where the line ends that a place is in; each line is looked at once."""
        if not self._begin <= at <= self._end:
            end = self.text.find("\n", at)
            self._begin, self._end = at, len(self.text) if end < 0 else end
        return self._end


def value_at(
    scan: Scan, begin: int, *, may_be_path: bool = False, may_be_count: bool = False
) -> Span:
    """Tell what to hide of the value that begins there: nothing, if it is no secret."""
    text = scan.text
    word = _WORD.match(text, begin)
    if word is not None:
        is_talk = _is_harmless_word(word[0])
    else:
        is_talk = is_harmless(text, begin, may_be_path=may_be_path)
    if is_talk or (may_be_count and _COUNT.match(text, begin)):
        return begin, begin
    if word is None:
        return begin, value_end(scan, begin)
    return begin, _end_of_something(text, begin, begin)


@lru_cache(maxsize=4096)
def _is_harmless_word(word: str) -> bool:
    return is_harmless(word, 0)


def value_end(scan: Scan, begin: int) -> int:
    """Tell where the value ends that begins behind a sign of assignment and spaces.

    It ends where it begins if there is none, and none are ``true``, ``null`` and an empty
    pair of quotes.
    """
    text = scan.text
    first = text[begin : begin + 1]
    if first == "*" and text.startswith(MASK, begin):
        if _STOP.match(text, begin + len(MASK)):
            return begin + len(MASK)
    elif first in ("|", ">") and (block := _BLOCK.match(text, begin)):
        return block.end()
    elif first in _BEFORE_MARKS and (marks := _MARKS.match(text, begin)):
        end = value_end(scan, marks.end())
        if end > marks.end():
            return end
    is_quote = first in ("\\", '"', "'", "`")
    quote = _OPENING_QUOTE.match(text, begin) if is_quote else None
    if quote is None:
        end = _structure_end(scan, begin)
    else:
        end = _quoted_end(text, quote, scan.line_end(begin))
        if end == quote.end() + len(quote[0]) and _STOP.match(text, end):
            return begin
    return _end_of_something(text, begin, end)


def _end_of_something(text: str, begin: int, end: int) -> int:
    """Tell where a value ends that is so far; where it begins, if it says ``null``."""
    end = _plain_end(text, begin, end)
    is_short = end - begin <= _LONGEST_NOTHING
    return begin if is_short and text[begin:end].lower() in _NOTHING else end


def _quoted_end(text: str, opening: re.Match[str], limit: int) -> int:
    """Tell where a text in quotes ends: behind them, or where they must end."""
    escapes, quote, at = len(opening[1]), opening[2], opening.end()
    while (at := text.find(quote, at, limit)) >= 0:
        before = at
        while text[before - 1] == "\\":
            before -= 1
        count = at - before
        if count < escapes:
            return before  # what is around this text ends here
        # A layer of escapes doubles the backslashes and adds one to the quote.
        layers, rest = divmod(count + 1, escapes + 1)
        at += 1
        if layers % 2 and not rest:
            if quote == "'" and (inside := _QUOTE_INSIDE.match(text, at, limit)):
                at = inside.end()
                continue
            is_doubled = text.startswith(quote, at) and not _STOP.match(text, at + 1)
            if escapes or not is_doubled:
                return at
            at += 1
    return limit


def _structure_end(scan: Scan, begin: int) -> int:
    """Tell where an object, a list, or a call like ``Login{a=b}`` ends."""
    text = scan.text
    opening = _OPENING.match(text, begin)
    if opening is None:
        return begin
    at = opening.end()
    is_call = at - begin > 1
    if is_call:
        limit = min(scan.line_end(at), at + _LONGEST_CALL)
        if not _CLOSING.search(text, at, limit):
            return begin
    elif _REST_IS_BLANK.match(text, at):
        limit = min(len(text), at + _LONGEST_STRUCTURE)  # a line for each item
    else:
        limit = scan.line_end(at)
    depth = 1
    while sign := _NESTING.search(text, at, limit):
        at = sign.end()
        if sign[0] in "[({":
            depth += 1
        elif sign[0] in "])}":
            depth -= 1
            if not depth:
                return at
        elif text[sign.start() - 1] in _BEFORE_QUOTES:
            at = _quoted_end(text, sign, limit)
    return begin if is_call else limit


def _plain_end(text: str, begin: int, end: int) -> int:
    """Tell where a value ends, of which a part in quotes or brackets ends somewhere."""
    while True:
        is_plain = False
        if run := _RUN.match(text, end):
            start, end = end, run.end()
            if text.startswith(("'", '"'), end):
                while end > start and text[end - 1] == "\\":
                    end -= 1  # they escape the quote, which ends more than this value
            is_plain = end > start
        sign, more = text[end : end + 1], text[end + 1 : end + 2]
        if not more or more in _NO_MORE or more.isspace() or end == begin:
            return end
        if sign in _JOINTS:
            field = _FIELD.match(text, end + 1) if is_plain else None
            if not is_plain or (field and not _is_opaque_name(field[1])):
                return end
        elif sign not in _QUOTES:
            return end
        end += 1


# What a value looks like ----------------------------------------------------------------

_WORDS = words(
    "accepted after and are argument as at authentication available be because been "
    "before by can cannot changed check checked column could created decoded deleted "
    "denied differs disabled does empty enabled encrypted end eof error exceeded exists "
    "expired expires fail failed failure fetched file for format found from generated "
    "granted had has have hidden if in incorrect instead invalid is issued length "
    "loaded lookup may mismatch missing must name needs never no none not obtained of "
    "off ok on option or parameter pending policy present provided read received "
    "refresh refreshed refused rejected removed renewed required requires reset revoked "
    "rotated rotation saved sent set should skipped stale still store stored succeeded "
    "success successful supplied table that the to too type unavailable unchanged "
    "undefined unexpected unknown unset unsupported updated used using valid value "
    "verification verified via was were when will with without written wrong yes"
)
_WIDE_WORDS = (
    "不 为空 仅 修改 可 否 太 失败 将 已 强度 必 成功 无 是 "
    "更新 有效 未 校验 正确 没 空 请 轮换 过期 重置 错 长度 需 验证 ："
)
_SAID = re.compile(
    r"""\(?(?P<quote>\\{0,15}["'])?(?:(?P<word>[A-Za-z]{2,14})(?(quote)\\{0,15}["'])"""
    rf"""(?=[\s,;.!&)}}\]…]|\Z)|{_WIDE_WORDS.replace(" ", "|")})"""
)
_OPEN_SIGNS = frozenset("\\\"'$<{%[*xX.…#?;,:)>=")
_LEFT_OPEN = re.compile(
    r"""\\{0,15}["']?(?:\$\{[A-Za-z_.]*\}|\$[A-Z_]{3,}|\$\([a-z -]*\)|<[a-z][a-z _-]*>"""
    r"""|\{\{[\w. ]*\}\}|%\([a-z_]+\)s|%[sdvq]|\{[a-z_]*\}|\[[A-Z]+\]|\*{2,}|x{4,}|X{4,}"""
    r"""|\.{3,}|…|#{3,}|\?|(?<=["'])[;,:.)<>=]{1,2}(?=["']))(?=[\s,;.&)}\]"']|\Z)"""
)
_PATH = re.compile(
    r"""["']?(?:(?:~|\.{1,2}|/(?:data\d?|dev|etc|home|mnt|opt|proc|root|run|srv|tmp|usr|var))"""
    r"""/|(?:[\w.-]{0,64}/){0,20}[\w.-]{1,64}\.(?:cer|conf|crt|ini|jks|json|key|p12|pem|pfx"""
    r"""|pub|txt|ya?ml)\b)"""
)
_LONGEST_STEP = 66
_LONGEST_JUDGED = 200
_JUDGED = re.compile(rf"""\\{{0,15}}["']?([!#-%(-+.-:=?-\[\]-~-]{{1,{_LONGEST_JUDGED}}})""")
_PIECE = r"(?:[A-Za-z]++\d{0,6}|\d++(?:T\d++|[A-Za-z]{0,2}))"
_PLAIN = re.compile(
    rf"{_PIECE}?(?:[_.:/=()\[\]{{}}-]{{1,4}}{_PIECE})*[_.:/!?()\[\]{{}}…-]*"
)
_SHORTEST = 6


def is_harmless(text: str, begin: int, *, may_be_path: bool = False) -> bool:
    """Tell whether what stands in the place of a secret is no secret but talk about one."""
    said = _SAID.match(text, begin)
    if said is not None:
        word = said["word"]
        if word is None or word.lower() in _WORDS:
            return True
    if text[begin : begin + 1] in _OPEN_SIGNS and _LEFT_OPEN.match(text, begin):
        return True
    if not may_be_path:
        return False
    near = text[begin : begin + _LONGEST_STEP]
    return ("/" in near or "." in near) and _PATH.match(text, begin) is not None


def is_opaque(text: str, begin: int) -> bool:
    """Tell whether a value is of letters, digits and signs as no name or number is.

    Examples
    --------
    >>> [is_opaque(text, 0) for text in ("S3cretPw", "zone-12", "2025-01-02T11:00:00Z")]
    [True, False, False]
    """
    if len(text) - begin < _SHORTEST:
        return False
    judged = _JUDGED.match(text, begin)
    if judged is None or len(judged[1]) < _SHORTEST:
        return False
    is_masked = judged[1].endswith(MASK)  # what stands before it is no part of a secret
    return not is_masked and _PLAIN.fullmatch(judged[1]) is None


@lru_cache(maxsize=4096)
def _is_opaque_name(name: str) -> bool:
    return is_opaque(name, 0)
