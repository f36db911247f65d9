"""Secrets behind keys: assigned, told, in pairs, elements, headers and options."""

from __future__ import annotations

import re

from taskgraph.privacy.secret_keys import role_of
from taskgraph.privacy.secret_options import AFTER_OPTION
from taskgraph.privacy.secret_values import Scan, Span, is_opaque, value_at

__all__ = ["find_at_key", "find_at_wide_key"]


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
_ASSIGNED = rf"{_COLOR}{_QUOTE}\]?{_COLOR}{_BLANK}{{0,16}}+{_SIGN}{_TAB}{_SPACE}"
_REST_OF_KEY = re.compile(r"(?:[A-Za-z0-9_.]|-(?!>))*")
_ASSIGNMENT = re.compile(_ASSIGNED)
_SCHEME = _regex(r"(?:basic|bearer|negotiate|token)\s{1,4}")
_PARTS = re.compile(r"(?:[\w-]{1,40}\s{1,4})?[\w.-]{1,100}=")
_CALL = re.compile(r"""\s{0,2}\(\s{0,2}(?=\\{0,15}["'])""")
_TAG = re.compile(r"<(?:[\w.-]{1,64}:)?\Z")
_ELEMENT = re.compile(
    r"""["']?(?:\s[^<>]{0,200})?>(?:<!\[CDATA\[)?"""
    r"(?P<value>[^<\]]{1,4096}+(?=</|\]\]>)|[^<\s]{1,4096}+\Z)"
)
_NEXT_ITEM = re.compile(r"""\\{0,15}["']\s{0,4},\s{0,4}(?=\\{0,15}["'])""")
_EXPORT = re.compile(r"(?:export|setenv)\s{1,4}\Z")
_FOR_USER = _regex(
    r"\s{1,4}(?:for|of)\s{1,4}[^\s=:]{1,128}\s{0,4}[=:]\s{0,4}(?!password\s{0,2}\()"
)
_LITERAL = re.compile(r"""\s{1,4}(?=\\{0,15}["'])""")
_TOLD = _regex(
    r"\s{1,4}" + _once(r"(?:is|was|as|to|value|(?:re)?set to|changed to):?\s{1,4}")
)
_WORD_BEFORE = re.compile(r"([A-Za-z]{1,20}) \Z")
_VALUES = (
    "(?:after|before|content|current|default|new|old|val|v|(?:param(?:eter)?[_-]?)?value)"
)
_APART = r"""[\s,;"'\\]{0,12}"""
# Between name and value may be a type, or what it is for.
_PAIR = rf"{_APART}[\w.-]{{1,30}}+{_ASSIGNED}{_QUOTE}[\w. -]{{0,60}}(?![\w. -]){_QUOTE}"
_BETWEEN = rf"(?:{_PAIR}){{0,2}}?{_APART}"
_ITS_VALUE = _regex(
    rf"{_QUOTE}(?:{_BETWEEN}{_VALUES}{_ASSIGNED}"
    rf"|(?:</\w{{1,20}}>|>)\s{{0,20}}<{_VALUES}>\s{{0,4}})"
)
_VALUE_ENDS = (
    "alue", "ALUE", "val", "ontent", "efault", "urrent", 'v"', "v'", "v:", "v=", "new",
    "old",
)  # fmt: skip
"""No value is before a name without one of these, which are found faster."""
_TURNED = _regex(
    rf"(?<![\w.-]){_VALUES}{_ASSIGNED}"
    r"""(?P<value>(\\{0,15}["'])[^"'\\]{1,400}\2|[^\s,;"'{}\[\]\\]{1,200})"""
    rf"{_BETWEEN}\Z"
)
_NAME_AND_VALUE = _regex(rf"{_QUOTE}[\w. -]{{1,60}}{_ITS_VALUE.pattern}")
_GLUE = r"(?:已?被?(?:设置|设定|修改|重置|更新|变更|改|设))?(?:[为是]|成(?!功))[\s：:]{0,4}"
_WIDE_GLUE = re.compile(_GLUE)
_WIDE_SIGN = re.compile(
    rf"(?:[明密]文|值|串|内容)?(?:(?P<sign>{_ASSIGNED}|{_GLUE})|[\s“「【(（]{{0,2}}(?=[!-~]))"
)
_LONGEST_KEY = 200
_BEFORE_QUOTES, _NAME_SIGNS = "\"'`\\ \t", ("=", ":", "：", "＝", ">")
_BEFORE_NAMES = f"{_BEFORE_QUOTES}{''.join(_NAME_SIGNS)}"
_QUOTES = frozenset("\"'`")
_NARROW = re.compile(r"[!-~]+")
_ECHOED = re.compile(
    r"""echo\s{1,4}(?:-\w\s{1,4})?(["']?)(?P<secret>[^"'|\n]{1,150}?)\1\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?\Z"""
)


class _Key:
    """A key in a text, and what stands around it."""

    def __init__(self, text: str, begin: int, end: int, before: str) -> None:
        self.text, self.begin, self.end, self.before = text, begin, end, before
        self.role = role_of(text)
        self.is_quoted = before in _QUOTES
        self.is_option = text.startswith("-")

    @property
    def is_sure(self) -> bool:
        """Whether it is a key for sure, and no word of a sentence."""
        if self.is_quoted or self.is_option or self.before in ("?", "&"):
            return True
        return self.text.isupper() and "_" in self.text

    @property
    def may_be_path(self) -> bool:
        """Whether the value may be that of a file with the secret."""
        return not self.text.lower().endswith(("pass", "pw", "pwd", "word", "phrase"))

    @property
    def is_count(self) -> bool:
        """Whether a number behind it says how many there are."""
        return self.text.lower() == "pass" or self.text.endswith(("s", "S"))

    @property
    def has_parts(self) -> bool:
        """Whether it is a header that goes on to its end."""
        return self.text.lower().endswith(("authorization", "cookie"))


def find_at_key(scan: Scan, begin: int, end: int) -> Span:
    """Look for the secret of a key, of which a word was found; give its end otherwise."""
    text = scan.text
    low = max(scan.read, begin - _LONGEST_KEY)
    while begin > low and (text[begin - 1].isalnum() or text[begin - 1] in "_.-"):
        begin -= 1
    if text.startswith("\x1b[", begin - 2):
        begin = text.find("m", begin, end) + 1 or begin  # behind a color
    if rest := _REST_OF_KEY.match(text, end):
        end = rest.end()
    key = _Key(text[begin:end], begin, end, text[begin - 1 : begin])
    if not key.role.is_secret:
        return end, end
    return (
        _echoed(scan, key)
        or _in_pair(scan, key)
        or _in_element(scan, key)
        or _assigned(scan, key)
        or _behind_space(scan, key)
        or (end, end)
    )


def _value(scan: Scan, begin: int, key: _Key) -> Span:
    return value_at(scan, begin, may_be_path=key.may_be_path, may_be_count=key.is_count)


def _echoed(scan: Scan, key: _Key) -> Span | None:
    """Look for what a program that sets passwords reads from another."""
    if key.text not in ("passwd", "chpasswd"):
        return None
    floor = max(scan.kept, key.begin - 200)
    match = _ECHOED.search(scan.text[floor : key.begin])
    return match and (floor + match.start("secret"), floor + match.end("secret"))


def _in_pair(scan: Scan, key: _Key) -> Span | None:
    """Look for the value of a pair in which the key is the value of a name."""
    text, name = scan.text, _name_before(scan, key)
    if name < 0:
        return None
    if match := _ITS_VALUE.match(text, key.end):
        return value_at(scan, match.end())
    if match := _ELEMENT.match(text, key.end):
        return match.span("value")
    floor = max(scan.kept, name - 500)
    if not any(word in text[floor:name] for word in _VALUE_ENDS):
        return None
    if match := _TURNED.search(text[floor:name]):
        begin, end = match.span("value")
        return floor + begin, floor + end
    return None


def _name_before(scan: Scan, key: _Key) -> int:
    """Tell where the ``name`` begins of which the key is the value, -1 if of none."""
    head = scan.text[max(0, key.begin - 40) : key.begin]
    quote = max(head.rfind("'"), head.rfind('"')) + 1
    if head[quote:].replace(" ", "").isalpha():  # other words of its label
        head = head[:quote]
    head = head.rstrip(_BEFORE_QUOTES)
    if not head.endswith(_NAME_SIGNS):
        return -1
    name = head.rstrip(_BEFORE_NAMES)
    size = len(name)
    while size and (name[size - 1].isalnum() or name[size - 1] in "_-"):
        size -= 1
    return max(0, key.begin - 40) + size if role_of(name[size:]).is_name else -1


def _in_element(scan: Scan, key: _Key) -> Span | None:
    """Look for the content of an element of XML."""
    text = scan.text
    if key.before not in ("<", ":") or not _TAG.search(
        text[max(0, key.begin - 66) : key.begin]
    ):
        return None
    match = _ELEMENT.match(text, key.end)
    if match is None or (key.role.is_name and not is_opaque(match["value"], 0)):
        return None
    return match.span("value")


def _assigned(scan: Scan, key: _Key) -> Span | None:
    """Look for a value behind a sign of assignment."""
    text = scan.text
    sign = _ASSIGNMENT.match(text, key.end)
    if sign is None:
        return None
    at = sign.end()
    role = key.role
    if not key.is_sure and key.text.lower() in ("key", "keys"):
        word = _WORD_BEFORE.search(text[max(0, key.begin - 21) : key.begin])
        role = role_of(f"{word[1]}_{key.text}") if word else role
    if not role.is_secret or (role.is_name and _NAME_AND_VALUE.match(text, at)):
        return None
    if role.is_weak and not key.is_sure and not is_opaque(text, at):
        return None
    if scheme := _SCHEME.match(text, at):
        at = scheme.end()
    begin, end = _value(scan, at, key)
    if key.has_parts and end > begin and not scheme and _PARTS.match(text, at):
        end = _rest_of_header(scan, key, begin)
    return begin, end


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
        key.text.isupper()
        and _EXPORT.search(text[max(0, key.begin - 12) : key.begin]) is not None
    )
    if is_set:
        match = AFTER_OPTION.match(text, end)
        return _value(scan, match.end(), key) if match else None
    is_first = key.is_quoted and text[key.begin - 2 : key.begin - 1] in ("[", "(")
    if is_first and (match := _NEXT_ITEM.match(text, end)):
        begin, end = value_at(scan, match.end())
        return (begin, end) if text[end : end + 1] in ("]", ")") else None
    is_password = key.text.lower().endswith(("password", "passwd", "passphrase", "secret"))
    if is_password:
        for pattern in (_CALL, _FOR_USER, _LITERAL):
            if match := pattern.match(text, end):
                return _value(scan, match.end(), key)
    if key.role.is_weak:
        return None
    for pattern in (_TOLD, _WIDE_GLUE):
        if (match := pattern.match(text, end)) and is_opaque(text, match.end()):
            return _value(scan, match.end(), key)
    return None


def find_at_wide_key(scan: Scan, begin: int, end: int) -> Span | None:
    """Look behind a key in Chinese, which may stand in a sentence without spaces."""
    text = scan.text
    if text[begin - 1 : begin] == "<" and (match := _ELEMENT.match(text, end)):
        return match.span("value")
    sign = _WIDE_SIGN.match(text, end)
    if sign is None:
        return None
    begin, end = value_at(scan, sign.end())
    if sign["sign"] is None and not is_opaque(text, begin):
        return None
    narrow = None if text[begin : begin + 1] in _QUOTES else _NARROW.match(text, begin)
    return begin, min(end, narrow.end()) if narrow else end
