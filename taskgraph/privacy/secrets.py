"""Secrets in a text: behind keys, flags and words of SQL, in addresses, and by their shape.

A text is read once, from its begin to its end: from one sign of a secret to the next, and
on from where the secret ends. What a sign needs to see before it is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from taskgraph.privacy.secret_keys import KEYS, WIDE_KEYS, role_of
from taskgraph.privacy.secret_shapes import (
    SCHEMES,
    SHAPES,
    Span,
    find_account,
    find_address,
    find_scheme,
    find_shape,
)
from taskgraph.privacy.secret_values import MASK, Lines, is_harmless, is_opaque, value_end

__all__ = ["client_of", "is_suspect", "mask_text"]


def _regex(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)


# Nothing here may repeat without a bound in front of what can fail, or give back what it
# took: every one is tried at many places of long lines.
_COLOR = r"(?:\x1b\[[\d;]{0,10}m)?+"
_QUOTE = r"""(?:\\{0,15}["'`])?+"""
_BLANK = r"(?:[^\S\n]|\\{1,15}t)"
_SPACE = r"(?:[^\S\n]{0,8}(?:\n|\\{1,15}n)(?=[ \t]))?+[^\S\n]{0,16}+"
_SIGN = r"(?:={1,2}>?|:=?(?!:)|->|[：＝])"
_ASSIGNED = rf"{_COLOR}{_QUOTE}\]?{_COLOR}{_BLANK}{{0,16}}+{_SIGN}(?:\\{{1,15}}t)?+{_SPACE}"
_REST_OF_KEY = re.compile(r"(?:[A-Za-z0-9_.]|-(?!>))*+")
_ASSIGNMENT = re.compile(_ASSIGNED)
_SCHEME = _regex(r"(?:basic|bearer|negotiate|token)\s{1,4}")
_PARTS = re.compile(r"(?:[\w-]{1,40}\s{1,4})?[\w.-]{1,100}=")
_CALL = re.compile(r"""\s{0,2}\(\s{0,2}(?=\\{0,15}["'])""")
_TAG = re.compile(r"<(?:[\w.-]{1,64}:)?\Z")
_ELEMENT = re.compile(
    r"""["']?(?:\s[^<>]{0,200})?>(?:<!\[CDATA\[)?"""
    r"(?P<value>[^<\]]{1,4096}+(?=</|\]\]>)|[^<\s]{1,4096}+\Z)"
)
_AFTER_OPTION = re.compile(
    r"""\\{0,15}["']\s{0,4},\s{0,4}(?=\\{0,15}["'])"""
    r"""|\\{0,15}["']?\s{1,4}+(?=\\{0,15}["']|[^\s=|>&;-])"""
)
_NEXT_ITEM = re.compile(r"""\\{0,15}["']\s{0,4},\s{0,4}(?=\\{0,15}["'])""")
_EXPORT = re.compile(r"(?:export|setenv)\s{1,4}\Z")
_FOR_USER = _regex(r"\s{1,4}for\s{1,4}[^\s=]{1,128}\s{0,4}=\s{0,4}(?!password\s{0,2}\()")
_LITERAL = re.compile(r"""\s{1,4}(?=\\{0,15}["'])""")
_TOLD = _regex(r"\s{1,4}(?:(?:is|was|as|to|(?:re)?set to|changed to)\s{1,4})?+")
_WORD_BEFORE = re.compile(r"([A-Za-z]{1,20}) \Z")
_VALUES = "(?:content|current|default|val|v|(?:param(?:eter)?[_-]?)?value)"
_ITS_VALUE = _regex(
    rf"""{_QUOTE}(?:[\s,;"'\\}}{{]{{0,12}}{_VALUES}{_ASSIGNED}|</\w{{1,20}}>\s{{0,20}}<{_VALUES}>\s{{0,4}})"""
)
_VALUE_ENDS = ("alue", "ALUE", "val", "ontent", "efault", "urrent", 'v"', "v'", "v:", "v=")
_TURNED = _regex(
    rf"(?<![\w.-]){_VALUES}{_ASSIGNED}"
    r"""(?P<value>(\\{0,15}["'])[^"'\\]{1,400}\2|[^\s,;"'{}\[\]\\]{1,200})[\s,;"'\\]{1,12}\Z"""
)
_NAME_AND_VALUE = _regex(rf"{_QUOTE}[\w. -]{{1,60}}{_ITS_VALUE.pattern}")
_GLUE = r"(?:已?被?(?:设置|设定|修改|重置|更新|变更|改|设))?[为是成][\s：:]{0,4}"
_WIDE_GLUE = re.compile(_GLUE)
_WIDE_SIGN = re.compile(
    rf"(?:[明密]文|值|串|内容)?(?:(?P<sign>{_ASSIGNED}|{_GLUE})|[\s“「【(（]{{0,2}}(?=[!-~]))"
)
_SQL = _regex(
    r"identified\s{1,4}(?:with\s{1,4}\S{1,64}\s{1,4})?(?:by|as)\s{1,4}(?:(?:password|values)\s{1,4})?"
)
_STATEMENT = _regex(r"(?:create|alter|grant)\b")
_LONGEST_KEY = 200
_BEFORE_QUOTES, _NAME_SIGNS = "\"'`\\ \t", ("=", ":", "：", "＝", ">")
_BEFORE_NAMES = f"{_BEFORE_QUOTES}{''.join(_NAME_SIGNS)}"
_QUOTES = frozenset("\"'`")
_COUNT = re.compile(r"""\d{1,6}(?=[\s,;.)/%\]}]|\Z)""")
_PORT = re.compile(r"""["']?\d{1,5}(?=[:\s"']|\Z)""")
_BEFORE_OPTION = re.compile(r"[^\w./-]")
_NARROW = re.compile(r"[!-~]+")
_ECHOED = re.compile(
    r"""echo\s{1,4}(?:-\w\s{1,4})?(["']?)(?P<secret>[^"'|\n]{1,150}?)\1\s{0,4}\|\s{0,4}(?:sudo\s{1,4})?\Z"""
)
_LONG_OPTION = re.compile(
    r"-p(?:arallel|arameter|ath|id|ort|refix|rint|rotocol|roperties|ool)s?(?![\w@#$%!])"
)
_USER = re.compile(
    r"""(?P<quote>\\{0,15}["'])[^\s"':%]{1,64}[:%](?P<quoted>[^"'\n]{1,500})"""
    r"""|[^\s"':%]{1,64}[:%](?P<plain>[^\s"']{1,500})"""
)

# Programs that take a password behind an option of one letter; behind U and u it follows
# the name of the user and a sign.
_CLIENTS = {
    "mysql": "p", "mariadb": "p", "obclient": "p", "sshpass": "p", "redis-cli": "a",
    "mongo": "p", "ldap": "w", "docker login": "p", "podman login": "p", "zip": "P",
    "curl": "uU", "wget": "uU", "smbclient": "U", "obloader": "p", "obdumper": "p",
    "ssh-keygen": "N", "cqlsh": "p", "sqlcmd": "P", "obd ": "p",
}  # fmt: skip
_GLUED = frozenset({"mysql", "mariadb", "obclient"})
"""They ask for it, if a space stands behind the option."""
_OPTIONS = frozenset({"-p", "-a", "-w", "-u", "-user", "-n"})


def _signs(words: Iterable[str]) -> str:
    """Make a pattern of words that looks at the first letter once."""
    ordered = sorted(set(words), key=lambda word: (word[0], -len(word), word))
    return "|".join(
        f"{re.escape(first)}(?:{'|'.join(map(_rest, group))})"
        for first, group in groupby(ordered, key=lambda word: word[0])
    )


def _rest(word: str) -> str:
    return re.escape(word[1:]) + _ALONE.get(word, "")


# Two letters are in many words: task, disk, break.
_ALONE = dict.fromkeys(
    ("ak", "sk"), r"""(?![a-z])(?:(?<![a-z]..)|(?=["'\\]{0,2}\s?[=:]))"""
)
_ALL = (
    *KEYS,
    *WIDE_KEYS,
    *SCHEMES,
    *SHAPES,
    *_CLIENTS,
    *_OPTIONS,
    "://",
    "@",
    "identified",
)
_ANY = re.compile(_signs(_ALL))
_ESCAPED = _regex(
    r"\\{1,8}u(?!d[89a-f])([0-9a-f]{4})|%([2-7][0-9a-f])|&(?:(quot|apos|amp|lt|gt)|#(3[49]|6[012]));"
)
_ENTITIES = {"quot": '"', "apos": "'", "amp": "&", "lt": "<", "gt": ">"}
_SUSPECT = re.compile(rf"{_ANY.pattern}|\\u|[%&]")
_MOST_LAYERS = 4


def _lower(text: str) -> str:
    """Write a text in small letters, each in its place: one of them becomes two."""
    return text.replace("İ", "I").lower()


def is_suspect(text: str) -> bool:
    """Tell quickly whether a text may hold a secret; its digits change nothing."""
    return _SUSPECT.search(_lower(text)) is not None


def mask_text(text: str) -> str:
    """Mask the secrets in a text, ``password=...`` for example.

    What is found only when escapes are read is masked in the text without them.

    Examples
    --------
    >>> mask_text("connect with user=root password='a b' to 10.0.0.1")
    'connect with user=root password=*** to 10.0.0.1'
    """
    if not is_suspect(text):
        return text
    masked = plain = _Scan(text).masked()
    for _ in range(_MOST_LAYERS):
        if (read := _ESCAPED.sub(_unescaped, plain)) == plain:
            break
        plain = _Scan(read).masked()
        if plain != read:
            masked = plain
    return masked


def _unescaped(match: re.Match[str]) -> str:
    if match[3]:
        return _ENTITIES[match[3].lower()]
    char = chr(int(match[4]) if match[4] else int(match[1] or match[2], 16))
    return char if char.isprintable() else match[0]


def client_of(text: str) -> str:
    """Tell whether a word is a program with a password behind an option, and which."""
    word = _lower(text).rpartition("/")[2]
    return next((name for name in _CLIENTS if word.startswith(name)), "")


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


class _Scan:
    """One way through a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = Lines(text)
        self.kept = 0
        """The end of the last secret."""
        self.read = 0
        """The end of the last secret, or key: nothing before it is part of another key."""
        self.client = ""
        self.client_end = -1

    def masked(self) -> str:
        """Give the text with every secret hidden."""
        text, lower = self.text, _lower(self.text)
        pieces: list[str] = []
        at = 0
        while sign := _ANY.search(lower, at):
            at = sign.start() + 1
            found = self._find(sign[0], sign.start(), sign.end())
            if found is None:
                continue
            begin, self.read = found
            if self.read > begin:
                pieces += [text[self.kept : begin], MASK]
                self.kept = self.read
            at = max(at, self.read)
        return "".join(pieces) + text[self.kept :] if pieces else text

    def _find(self, sign: str, begin: int, end: int) -> Span | None:
        """Tell what to hide for a sign, or how far nothing is to hide."""
        text = self.text
        if sign in KEYS:
            return self._at_key(begin, end)
        if sign in WIDE_KEYS:
            return self._at_wide_key(end)
        if sign == "://":
            return find_address(text, begin)
        if sign == "@":
            return find_account(text, begin, self.kept)
        if sign in _OPTIONS:
            return self._at_option(sign, begin, end)
        if sign in _CLIENTS:
            if not text[begin - 1 : begin].isalnum():
                self.client, self.client_end = sign, self.lines.end(end)
            return None
        if sign == "identified":
            return self._in_sql(begin, end)
        return find_scheme(text, begin) if sign in SCHEMES else find_shape(text, begin)

    def _at_key(self, begin: int, end: int) -> Span:
        text = self.text
        low = max(self.read, begin - _LONGEST_KEY)
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
            self._echoed(key)
            or self._in_pair(key)
            or self._in_element(key)
            or self._assigned(key)
            or self._behind_space(key)
            or (end, end)
        )

    def _echoed(self, key: _Key) -> Span | None:
        """Look for what a program that sets passwords reads from another."""
        if key.text not in ("passwd", "chpasswd"):
            return None
        floor = max(self.kept, key.begin - 200)
        match = _ECHOED.search(self.text[floor : key.begin])
        return match and (floor + match.start("secret"), floor + match.end("secret"))

    def _in_pair(self, key: _Key) -> Span | None:
        """Look for the value of a pair in which the key is the value of a name."""
        text, name = self.text, self._name_before(key)
        if name < 0:
            return None
        if match := _ITS_VALUE.match(text, key.end):
            return self._value(match.end())
        if match := _ELEMENT.match(text, key.end):
            return match.span("value")
        floor = max(self.kept, name - 500)
        if not any(word in text[floor:name] for word in _VALUE_ENDS):
            return None
        if match := _TURNED.search(text[floor:name]):
            begin, end = match.span("value")
            return floor + begin, floor + end
        return None

    def _name_before(self, key: _Key) -> int:
        """Tell where the ``name`` begins of which the key is the value, -1 if of none."""
        head = self.text[max(0, key.begin - 40) : key.begin]
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

    def _in_element(self, key: _Key) -> Span | None:
        """Look for the content of an element of XML."""
        text = self.text
        if key.before not in ("<", ":") or not _TAG.search(
            text[max(0, key.begin - 66) : key.begin]
        ):
            return None
        match = _ELEMENT.match(text, key.end)
        if match is None or (key.role.is_name and not is_opaque(match["value"], 0)):
            return None
        return match.span("value")

    def _assigned(self, key: _Key) -> Span | None:
        """Look for a value behind a sign of assignment."""
        text = self.text
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
        begin, end = self._value(at, key)
        if key.has_parts and end > begin and not scheme and _PARTS.match(text, at):
            end = self._rest_of_header(key, begin)
        return begin, end

    def _rest_of_header(self, key: _Key, begin: int) -> int:
        """Tell where the parts of a header end: with the line, or the quotes around it."""
        text, end = self.text, self.lines.end(begin)
        if key.is_quoted:
            quote = text.find(key.before, begin, end)
            if quote >= 0 and text[quote - 1] != "=":
                end = quote
                while text[end - 1] == "\\":
                    end -= 1
        return end

    def _behind_space(self, key: _Key) -> Span | None:
        """Look behind an option, a variable, a call, a word of SQL, or in a sentence."""
        text, end = self.text, key.end
        is_set = key.is_option or (
            key.text.isupper()
            and _EXPORT.search(text[max(0, key.begin - 12) : key.begin]) is not None
        )
        if is_set:
            match = _AFTER_OPTION.match(text, end)
            return self._value(match.end(), key) if match else None
        is_first = key.is_quoted and text[key.begin - 2 : key.begin - 1] in ("[", "(")
        if is_first and (match := _NEXT_ITEM.match(text, end)):
            begin, end = self._value(match.end())
            return (begin, end) if text[end : end + 1] in ("]", ")") else None
        is_password = key.text.lower().endswith(
            ("password", "passwd", "passphrase", "secret")
        )
        if is_password:
            for pattern in (_CALL, _FOR_USER, _LITERAL):
                if match := pattern.match(text, end):
                    return self._value(match.end(), key)
        if key.role.is_weak:
            return None
        for pattern in (_TOLD, _WIDE_GLUE):
            if (match := pattern.match(text, end)) and is_opaque(text, match.end()):
                return self._value(match.end(), key)
        return None

    def _value(self, begin: int, key: _Key | None = None) -> Span:
        """Give the value that begins somewhere; nothing of it, if it is no secret."""
        text = self.text
        is_talk = is_harmless(text, begin, may_be_path=key is not None and key.may_be_path)
        if is_talk or (key is not None and key.is_count and _COUNT.match(text, begin)):
            return begin, begin
        return begin, value_end(self.lines, begin)

    def _at_wide_key(self, end: int) -> Span | None:
        """Look behind a key in Chinese, which may stand in a sentence without spaces."""
        text = self.text
        sign = _WIDE_SIGN.match(text, end)
        if sign is None:
            return None
        begin, end = self._value(sign.end())
        if sign["sign"] is None and not is_opaque(text, begin):
            return None
        narrow = _NARROW.match(text, begin)
        return begin, min(end, narrow.end()) if narrow else end

    def _at_option(self, sign: str, begin: int, end: int) -> Span | None:
        """Look for the password behind an option of one letter, by whose option it is."""
        text, at = self.text, end
        if sign == "-user":
            at += text.startswith("=", at)
        elif begin and not _BEFORE_OPTION.match(text, begin - 1):
            return None
        letter = text[begin + 1]
        is_known = begin < self.client_end and letter in _CLIENTS[self.client]
        if spaced := _AFTER_OPTION.match(text, at):
            at = spaced.end()
            is_known = is_known and (self.client not in _GLUED or is_opaque(text, at))
            if not is_known or (self.client != "sshpass" and _PORT.match(text, at)):
                return None
        elif _LONG_OPTION.match(text, begin) or not (
            is_known or (letter == "p" and is_opaque(text, at))
        ):
            return None
        if letter in "uU":
            user = _USER.match(text, at)
            return user.span(user.lastgroup or 0) if user else None
        if self.client == "sshpass":
            self.client_end = at  # what comes behind is another command
        return self._value(at)

    def _in_sql(self, begin: int, end: int) -> Span | None:
        text = self.text
        match = _SQL.match(text, begin)
        if match is None:
            return None
        at = match.end()
        is_surely = text[begin:end].isupper() or _STATEMENT.search(
            text[max(0, begin - 200) : begin]
        )
        if text[at : at + 1] in ("'", '"') or is_surely or is_opaque(text, at):
            return self._value(at)
        return None
