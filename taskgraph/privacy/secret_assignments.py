"""Secrets behind keys: assigned, told, in pairs, elements, headers and options."""

from __future__ import annotations

import re
from functools import lru_cache
from string import ascii_letters, digits
from typing import NamedTuple

from taskgraph.privacy.secret_signs import MASK, Role, role_of, small_letters
from taskgraph.privacy.secret_values import (
    AFTER_OPTION,
    VALUE_WORDS,
    Scan,
    Span,
    is_harmless,
    is_opaque,
    value_at,
    value_end,
)


def _regex(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)


def _once(pattern: str) -> str:
    """Take a pattern wherever it fits, and never give it back.

    Some versions of Python 3.11 lose their way in an optional group that is possessive.
    """
    return rf"(?:{pattern}|(?!{pattern}))"


# Nothing here may repeat without a bound in front of what can fail, or give back what it
# took: every one is tried at many places of long lines.
_COLOR = _once(r"\x1b\[[\d;]{0,10}m")
_QUOTE = _once(r"""\\{0,15}["'`]""")
_BLANK = r"(?:[^\S\n]|\\{1,15}t)"
_SPACE = _once(r"[^\S\n]{0,8}(?:\n|\\{1,15}n)(?=[ \t])") + r"[^\S\n]{0,16}+"
_SIGN = r"(?:={1,2}>?|:=?(?!:)|->|[：＝])"
_TAB = _once(r"\\{1,15}t")
_REMARK = _once(
    r"(?:值|\[\d{1,4}\]|\s?[\[(（](?:[^\W\d]|[@%*. -]){1,30}[\])）])(?=\s?[:：])"
)
_BOLD = _once(r"\*{1,2}")
_ASSIGNED = (
    rf"{_COLOR}{_QUOTE}\]?{_BOLD}{_COLOR}{_REMARK}{_BLANK}{{0,16}}+{_SIGN}{_TAB}{_SPACE}"
)
_KEY_SIGNS = "_.-"
_KEY_CHARS = f"{ascii_letters}{digits}{_KEY_SIGNS}"
_KEY_CHAR_SET = frozenset(_KEY_CHARS)
_REST_OF_KEY = re.compile(r"[A-Za-z0-9_.-]*")
_ASSIGNMENT = re.compile(_ASSIGNED)
_MAY_ASSIGN = frozenset("\x1b\\\"'`]=:-：＝*[(（值")
_NOT_ALONE = frozenset("=:>\\")
_SCHEME = _regex(r"(?:basic|bearer|negotiate|token)\s{1,4}")
_SCHEME_LETTERS = frozenset("BbNnTt")
_ANY_SCHEME = re.compile(r"[\w-]{1,40}\s{1,4}")
_PARTS = re.compile(r"(?:[\w-]{1,40}\s{1,4})?[\w.-]{1,100}=")
_CALL = re.compile(r"""\s{0,2}\(\s{0,2}(?=\\{0,15}["'])""")
_NEXT_ARGUMENT = re.compile(r"""\s{0,2},\s{0,2}(?=\\{0,15}["'])""")
_BRACKET = re.compile(r"\s?[\[(]\s?")
_CELL = re.compile(r"[^\S\n]{1,64}\|[^\S\n]{1,4}")
_KEY_OF_LINE = re.compile(r"[\w.-]{1,64}+\s{0,4}(?:=|:(?=\s|\Z))")
_TAG = re.compile(r"<(?:[\w.-]{1,64}:)?\Z")
_ELEMENT = re.compile(
    r"""["']?(?:\s[^<>]{0,200})?>(?:<!\[CDATA\[)?"""
    r"(?P<value>[^<\]]{1,4096}+(?=</|\]\]>)|[^<\s]{1,4096}+\Z)"
)
_NEXT_ITEM = re.compile(r"""\\{0,15}["']\s{0,4},\s{0,4}(?=\\{0,15}["'])""")
_EXPORTS = ("export", "setenv")
_FOR_USER = _regex(
    r"\s{1,4}(?:for|of)\s{1,4}(?:user\s{1,4})?[^\s=:]{1,128}\s{0,4}[=:]\s{0,4}"
    r"(?!password\s{0,2}\()"
)
_LITERAL = re.compile(r"""\s{1,4}(?=\\{0,15}["'])""")
_TOLD = _regex(
    r"""(?:["'`](?=\s{1,4}[a-z]{2,9}\s))?"""
    r"(?:(?:\s{1,4}(?:is|was|(?:has|have|had) been|will be))?(?:\s{1,4}now)?"
    r"(?:\s{1,4}(?:(?:re)?set|changed|created|generated|modified|rotated|updated))?"
    r"(?:\s{1,4}(?:for|of)(?:\s{1,4}(?:the|account|tenant|user)){0,2}\s{1,4}[^\s=:]{1,64}+)?"
    r"(?:\s{1,4}(?:is|was|as|to|now|value|(?<=changed )from|[-–—→⇒]):?|\s{0,2}:))?\s{1,4}"
)
"""Words between a key in a sentence and what it is; what follows must look like one."""
_TOLD_BEGINS = frozenset(
    ("is", "wa", "as", "to", "va", "re", "se", "ch", "fo", "of", "ge", "ha", "no", "up")
)
_THEN = _regex(
    r"""[\s,;(]{0,3}(?:->|=>|[→⇒]|(?<=[\s,;(])(?:to\s|(?:new|now|old|was)\s?[=:]))\s{0,3}"""
    r"|\s?(?:修改|变更|更新|重置|改)[为成]\s?"
)
"""What stands between a value and the one that it became, or was."""
_VALUES = f"(?:{VALUE_WORDS}|v|param(?:eter)?[_-]?value)"
_APART = r"""[\s,;"'\\]{0,12}"""
# Between name and value may be a type, or what it is for.
_PAIR = rf"{_APART}[\w.-]{{1,30}}+{_ASSIGNED}{_QUOTE}[\w. -]{{0,60}}(?![\w. -]){_QUOTE}"
_BETWEEN = rf"(?:{_PAIR}){{0,2}}?{_APART}"
_ITS_VALUE = _regex(
    rf"{_QUOTE}(?:{_BETWEEN}{_VALUES}{_ASSIGNED}"
    rf"|(?:</\w{{1,20}}>|>)\s{{0,20}}<{_VALUES}>\s{{0,4}})"
)
_FARTHEST_VALUE = 400
_TURNED = _regex(
    rf"(?<![\w.-]){_VALUES}{_ASSIGNED}"
    r"""(?P<value>(\\{0,15}["'])[^"'\\]{1,400}\2|[^\s,;"'{}\[\]\\]{1,200})"""
    rf"{_BETWEEN}\Z"
)
_LABEL = re.compile(rf"{_QUOTE}[\w. -]{{1,60}}")
_GLUE = (
    r"(?:(?:已经?)?被?(?:成功)?(?:设置|设定|修改|重置|更新|变更|改|设))?"
    r"(?:[为是]|成(?!功))[\s：:]{0,4}"
)
_WIDE_GLUE = re.compile(_GLUE)
_WIDE_SIGN = re.compile(
    rf"(?:[明密]文|值|串|内容)?(?:(?P<sign>{_ASSIGNED}|{_GLUE})|(?:[从由]\s?|[\s“「【(（→<]{{0,2}})(?=[!-~]))"
)
_LONGEST_KEY, _LONGEST_TAG, _FARTHEST_NAME = 200, 203, 40
_BEFORE_QUOTES, _NAME_SIGNS = "\"'`\\ \t", ("=", ":", "：", "＝", ">")
_BEFORE_NAMES = f"{_BEFORE_QUOTES}{''.join(_NAME_SIGNS)}"
_MAY_BE_TAG = frozenset("<:")
_MAY_BE_NAMED, _QUOTES = frozenset(_BEFORE_NAMES), frozenset("\"'`")
_BEFORE_SURE = _QUOTES | {"?", "&"}
_MAY_HOLD_SPACES = _QUOTES | {"\\", "|", ">"}
_NARROW = re.compile(r"[!-~]+")
_HERE = re.compile(r"[^|;&<\n]{0,64}<<<\s{0,2}")
_ECHOED = re.compile(
    r"""(?:echo|printf|yes)\s{1,4}(?:-\w\s{1,4}|["']?%s(?:\\n)?["']?\s{1,4})?(["']?)(?P<secret>[^"'|\n]{1,150}?)\1\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?\Z"""
)


class _Kind(NamedTuple):
    """What the words of a key say."""

    role: Role
    is_word: bool
    """Whether it may be one of a sentence, and no key."""
    is_variable: bool
    is_upper: bool
    is_bare: bool
    """Whether it is a ``key`` and no more."""
    may_be_path: bool
    """Whether the value may be that of a file with the secret."""
    is_count: bool
    """Whether a number behind it says how many there are."""
    has_parts: bool
    """Whether it is a header that goes on to its end."""
    is_password: bool
    sets_password: bool
    """Whether it is a program that does."""


@lru_cache(maxsize=4096)
def _kind_of(text: str) -> _Kind:
    small, is_upper, role = text.lower(), text.isupper(), role_of(text)
    is_password = small.endswith(("password", "passwd", "passphrase", "secret"))
    return _Kind(
        role,
        is_word=not is_upper and not is_password,
        is_variable=is_upper and "_" in text,
        is_upper=is_upper,
        is_bare=small in ("key", "keys"),
        may_be_path=not small.endswith(("pass", "pw", "pwd", "word", "phrase")),
        is_count=small == "pass" or small.endswith("s"),
        has_parts=small.endswith(("authorization", "cookie")),
        is_password=is_password,
        sets_password=text in ("passwd", "chpasswd"),
    )


class _Key(NamedTuple):
    """A key in a text, and what stands around it."""

    kind: _Kind
    begin: int
    end: int
    before: str
    is_option: bool

    @property
    def is_quoted(self) -> bool:
        return self.before in _QUOTES

    @property
    def is_sure(self) -> bool:
        """Whether it is a key for sure, and no word of a sentence."""
        return self.is_option or self.before in _BEFORE_SURE or self.kind.is_variable


def find_at_key(scan: Scan, begin: int, end: int) -> Span:
    """Look for the secret of a key, of which a word was found; give its end otherwise."""
    text = scan.text
    before = text[begin - 1 : begin]
    if before in _KEY_CHAR_SET or before.isalnum():
        low = max(scan.read, begin - _LONGEST_KEY)
        begin = low + len(text[low:begin].rstrip(_KEY_CHARS))
        while begin > low and (text[begin - 1].isalnum() or text[begin - 1] in _KEY_SIGNS):
            begin -= 1
        before = text[begin - 1 : begin]
    if before == "[" and text.startswith("\x1b", begin - 2):
        begin = text.find("m", begin, end) + 1 or begin  # behind a color
        before = text[begin - 1 : begin]
    first = text[end : end + 1]
    if first in _KEY_CHAR_SET and (rest := _REST_OF_KEY.match(text, end)):
        end = rest.end() - (text[rest.end() - 1 : rest.end() + 1] == "->")
        first = text[end : end + 1]
    kind = _kind_of(
        text[begin:end] if end - begin < _LONGEST_KEY else text[end - _LONGEST_KEY : end]
    )
    if not kind.role.is_secret:
        return end, end
    name = _name_before(text, begin) if before in _MAY_BE_NAMED else -1
    if first.isspace():
        is_assigned = not text[end + 1 : end + 2].isalnum()
    else:
        is_assigned = first in _MAY_ASSIGN
    is_option = text[begin] == "-"
    is_word = kind.is_word and name < 0 and before.isspace() and not is_option
    is_weak = kind.role.is_weak
    if is_word and not is_assigned and (is_weak or _is_sentence(text, end)):
        return end, end
    key = _Key(kind, begin, end, before, is_option)
    if is_word and is_weak:
        return _assigned(scan, key) or (end, end)
    secret = _handed(scan, key) if kind.sets_password else None
    if secret is None and name >= 0:
        secret = _in_pair(scan, key, name)
    if secret is None and before in _MAY_BE_TAG:
        secret = _in_element(scan, key)
    if secret is None and is_assigned:
        secret = _assigned(scan, key)
    secret = secret or _behind_space(scan, key)
    return _with_next(scan, secret) if secret else (end, end)


def _is_sentence(text: str, at: int) -> bool:
    """Tell quickly whether a blank stands somewhere, and a word that tells nothing."""
    if not text[at : at + 1].isspace():
        return False
    begin = text[at + 1 : at + 3]
    is_told = not begin.isascii() or begin.lower() in _TOLD_BEGINS
    return not is_told and not is_opaque(text, at + 1)


def _with_next(scan: Scan, secret: Span) -> Span:
    """Add to a value the one that it became."""
    begin, end = secret
    while end > begin and (match := _THEN.match(scan.text, end)):
        if not is_opaque(scan.text, match.end()):
            break
        _, after = value_at(scan, match.end())
        if after <= end:
            break
        end = after
    return begin, end


def _value(scan: Scan, begin: int, key: _Key) -> Span:
    kind = key.kind
    return value_at(scan, begin, may_be_path=kind.may_be_path, may_be_count=kind.is_count)


def _handed(scan: Scan, key: _Key) -> Span | None:
    """Look for what a program that sets passwords is given to read."""
    here = _HERE.match(scan.text, key.end)
    return _value(scan, here.end(), key) if here else find_echoed(scan, key.begin)


def find_echoed(scan: Scan, begin: int) -> Span | None:
    """Look for what a program that begins somewhere reads from another."""
    floor = max(scan.kept, begin - 200)
    match = _ECHOED.search(scan.text[floor:begin])
    if match is None or is_harmless(scan.text, floor + match.start("secret")):
        return None
    return floor + match.start("secret"), floor + match.end("secret")


def _in_pair(scan: Scan, key: _Key, name: int) -> Span | None:
    """Look for the value of a pair in which the key is the value of a name."""
    text = scan.text
    if match := _its_value(scan, key.end):
        return value_at(scan, match.end())
    if match := _element_at(text, key.end):
        return match.span("value")
    floor = max(scan.kept, name - 500)
    if scan.behind.next(floor) >= name:
        return None
    if match := _TURNED.search(text[floor:name]):
        begin, end = match.span("value")
        return floor + begin, floor + end
    return None


def _its_value(scan: Scan, at: int) -> re.Match[str] | None:
    """Match what stands between a name that ends somewhere and its value."""
    if scan.ahead.next(at) > at + _FARTHEST_VALUE:
        return None
    return _ITS_VALUE.match(scan.text, at)


def _name_before(text: str, begin: int) -> int:
    """Tell where the ``name`` begins of which a key is the value, -1 if of none."""
    floor = begin - _FARTHEST_NAME if begin > _FARTHEST_NAME else 0
    head = text[floor:begin]
    name = head.rstrip(_BEFORE_QUOTES)
    if name[-1:].isalpha():
        if '"' not in head and "'" not in head:
            return -1
        quote = max(head.rfind("'"), head.rfind('"')) + 1
        is_label = head[quote:].replace(" ", "").isalpha()  # other words of it
        name = head[:quote].rstrip(_BEFORE_QUOTES) if is_label else ""
    if not name.endswith(_NAME_SIGNS):
        return -1
    name = name.rstrip(_BEFORE_NAMES)
    size = len(name)
    while size and (name[size - 1].isalnum() or name[size - 1] in "_-"):
        size -= 1
    return floor + size if role_of(name[size:]).is_name else -1


def _element_at(text: str, at: int) -> re.Match[str] | None:
    """Match the content of an element of XML whose tag ends near a place."""
    is_near = text.find(">", at, at + _LONGEST_TAG) >= 0
    return _ELEMENT.match(text, at) if is_near else None


def _in_element(scan: Scan, key: _Key) -> Span | None:
    """Look for the content of an element of XML."""
    text = scan.text
    if not _TAG.search(text[max(0, key.begin - 66) : key.begin]):
        return None
    match = _element_at(text, key.end)
    if match is None or (key.kind.role.is_name and not is_opaque(match["value"], 0)):
        return None
    return match.span("value")


def _assigned(scan: Scan, key: _Key) -> Span | None:
    """Look for a value behind a sign of assignment."""
    text, end = scan.text, key.end
    first, second = text[end], text[end + 1 : end + 2]
    if first in ("=", ":") and not (second in _NOT_ALONE or second.isspace()):
        at = end + 1
    elif sign := _ASSIGNMENT.match(text, end):
        at = sign.end()
    else:
        return None
    role = key.kind.role
    if key.kind.is_bare and not key.is_sure and key.before == " ":
        before = text[key.begin - 21 if key.begin > 21 else 0 : key.begin - 1]
        word = before[len(before.rstrip(ascii_letters)) :]
        role = role_of(f"{word}_{text[key.begin : end]}") if word else role
    if not role.is_secret or (role.is_weak and not key.is_sure and not is_opaque(text, at)):
        return None
    if role.is_name and _is_name_of_value(scan, at):
        return None
    at = _next_line(text, at)
    if text[at - 1].isspace() and (block := _block_end(text, end, at)):
        return at, block
    may_be_scheme = text[at : at + 1] in _SCHEME_LETTERS
    if scheme := _SCHEME.match(text, at) if may_be_scheme else None:
        at = scheme.end()
    has_parts = key.kind.has_parts and not scheme and _PARTS.match(text, at)
    if key.kind.has_parts and not (scheme or has_parts):
        scheme = _ANY_SCHEME.match(text, at)
        behind = scheme.end() if scheme else at
        if text.startswith(MASK, behind) or is_opaque(text, behind):
            at = behind
    begin, end = _value(scan, at, key)
    if has_parts and end > begin:
        end = _rest_of_header(scan, key, begin)
    return begin, end


def _next_line(text: str, at: int) -> int:
    """Go on to the next line, if nothing is on this one and a value may be there."""
    if not text.startswith("\n", at) or not is_opaque(text, at + 1):
        return at
    return at if _KEY_OF_LINE.match(text, at + 1) else at + 1


def _block_end(text: str, key: int, at: int) -> int | None:
    """Tell where the lines end that are pairs of YAML below a key, if they are."""
    line = text.rfind("\n", key, at) + 1
    indent = text[line:at]
    if not line or not indent or not _KEY_OF_LINE.match(text, at):
        return None
    while (end := text.find("\n", at)) >= 0 and text.startswith(indent, end + 1):
        at = end + 1
    return end if end >= 0 else len(text)


def _is_name_of_value(scan: Scan, at: int) -> bool:
    """Tell whether a label stands somewhere, and what it is the name of behind it."""
    is_near = scan.ahead.next(at) < at + 2 * _FARTHEST_VALUE
    label = _LABEL.match(scan.text, at) if is_near else None
    if label is None:
        return False
    if _its_value(scan, label.end()):
        return True
    # The last of its words may be that before the value.
    words = label[0].rstrip()
    last = max(words.rfind(" "), words.rfind("\t")) + 1
    return last > 0 and _its_value(scan, label.start() + last) is not None


def _rest_of_header(scan: Scan, key: _Key, begin: int) -> int:
    """Tell where the parts of a header end: with the line, or the quotes around it."""
    text, end = scan.text, scan.line_end(begin)
    if key.is_quoted:
        quote = text.find(key.before, begin, end)
        if quote >= 0 and text[quote - 1] != "=":
            end = quote
            while text[end - 1] == "\\":
                end -= 1
    return end


def _behind_space(scan: Scan, key: _Key) -> Span | None:
    """Look behind an option, a variable, a call, a word of SQL, or in a sentence."""
    text, end = scan.text, key.end
    is_set = key.is_option or (
        key.kind.is_upper
        and text[max(0, key.begin - 12) : key.begin].rstrip().endswith(_EXPORTS)
    )
    if is_set:
        match = AFTER_OPTION.match(text, end)
        return _value(scan, match.end(), key) if match else None
    is_first = key.is_quoted and text[key.begin - 2 : key.begin - 1] in ("[", "(")
    if is_first and (match := _NEXT_ITEM.match(text, end)):
        begin, end = value_at(scan, match.end())
        return (begin, end) if text[end : end + 1] in ("]", ")") else None
    if key.kind.is_password:
        for pattern in (_CALL, _FOR_USER, _LITERAL):
            if match := pattern.match(text, end):
                begin, end = _value(scan, match.end(), key)
                while pattern is _CALL and (match := _NEXT_ARGUMENT.match(text, end)):
                    end = value_end(scan, match.end())
                return begin, end
    if key.kind.role.is_weak:
        return None
    if text[max(0, key.begin - 8) : key.begin].endswith("| "):
        told = _CELL
    elif key.kind.is_password and text[end : end + 1] in ("(", "["):
        told = _BRACKET
    else:
        is_apart = text[end : end + 1].isspace() or key.is_quoted
        told = _TOLD if is_apart else _WIDE_GLUE
    match = told.match(text, end)
    if match is None or not is_opaque(text, match.end()):
        return None
    return _value(scan, match.end(), key)


def find_at_wide_key(scan: Scan, begin: int, end: int) -> Span | None:
    """Look behind a key in Chinese, which may stand in a sentence without spaces."""
    text = scan.text
    if text[begin - 1 : begin] == "<" and (match := _element_at(text, end)):
        return match.span("value")
    is_value = text[end : end + 1] in _MAY_BE_NAMED and _name_before(text, begin) >= 0
    if is_value and (match := _its_value(scan, end)):
        return value_at(scan, match.end())
    sign = _WIDE_SIGN.match(text, end)
    if sign is None:
        return None
    begin = _next_line(text, sign.end())
    if sign["sign"] is None and not is_opaque(text, begin):
        return None
    is_open = text[begin : begin + 1] in _MAY_HOLD_SPACES
    narrow = None if is_open else _NARROW.match(text, begin)
    if narrow is None:
        return _with_next(scan, value_at(scan, begin))
    # What is behind is not looked at: keys without end may stand there.
    _, size = value_at(Scan(narrow[0], small_letters(narrow[0])), 0)
    return _with_next(scan, (begin, begin + size))
