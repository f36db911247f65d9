"""Secrets: which keys have them, and where they stand in a line of text.

There they are behind keys, flags, and words of SQL, and in addresses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import NamedTuple, TypeAlias

from taskgraph.privacy.secret_values import MASK, value_end

__all__ = ["PRIVATE_KEY", "is_secret_key", "mask_text", "role_of"]

_ANYWHERE = re.compile(
    "password|passwd|passphrase|passcode|secret|token|credential|authorization|cookie|"
    "(?:api|access|private|encryption|signing|ssh|master)[_-]?key|密码|口令|密钥|秘钥",
    re.IGNORECASE,
)
_WORDS = frozenset({"ak", "auth", "bearer", "jwt", "key", "keys", "otp", "sk"})
_ENDINGS = ("pass", "pw", "pwd")
_HARMLESS = frozenset(
    {"bypass", "compass", "encompass", "overpass", "sshpass", "surpass", "trespass"}
    | {"underpass"}
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NAMES = frozenset({"field", "k", "key", "name", "param", "paramname", "parametername"})
_VALUES = frozenset({"paramvalue", "parametervalue", "v", "val", "value"})
# No key is longer; what is, is text, and its end says what comes behind it.
_LONGEST = 200


class Role(NamedTuple):
    """What a key says of its value and of those next to it."""

    is_secret: bool
    is_name: bool
    is_value: bool


@lru_cache(maxsize=4096)
def _role(key: str) -> Role:
    words = [word.lower() for word in _WORD.findall(key)]
    is_secret = _ANYWHERE.search(key) is not None or any(
        word in _WORDS or (word.endswith(_ENDINGS) and word not in _HARMLESS)
        for word in words
    )
    plain = key.lower().replace("_", "").replace("-", "")
    return Role(is_secret, plain in _NAMES, plain in _VALUES)


def role_of(key: str) -> Role:
    """Tell whether a key is that of a secret, or of a part of a pair: name or value.

    Examples
    --------
    >>> role_of("paramName")
    Role(is_secret=False, is_name=True, is_value=False)
    """
    return _role(key[-_LONGEST:])


def is_secret_key(key: str) -> bool:
    """Tell whether the key of a value looks like that of a secret.

    Examples
    --------
    >>> [is_secret_key(key) for key in ("rootPassword", "api_key", "keywords", "zone")]
    [True, True, False, False]
    """
    return role_of(key).is_secret


# Texts --------------------------------------------------------------------------------

PRIVATE_KEY = "PRIVATE KEY-----"

Match: TypeAlias = re.Match[str]
Step: TypeAlias = Callable[[str], str]

# What every secret has near it: looking for these is faster than any pattern.
_HINTS = (
    "pass", "pw", "secret", "token", "credential", "key", "auth", "cookie", "bearer",
    "jwt", "otp", "identified", "://", "mysql", "mariadb", "obclient", "curl",
    "密码", "口令", "密钥", "秘钥", "-ak ", "-sk ",
    *(f"{key}{sign}" for key in ("ak", "sk") for sign in ("=", ":", "：", *"\"'\\\x1b")),
    *(f"{key} {sign}" for key in ("ak", "sk") for sign in "=:："),
)  # fmt: skip
# Every pattern is tried at many places of long lines: in front of what can fail, nothing
# in one may repeat without a bound or give back what it took.
_COLOR = r"(?:\x1b\[[\d;]{0,10}m)?+"
_QUOTE = r"""(?:\\{0,15}["'])?+"""
_ASSIGNED = rf"{_COLOR}{_QUOTE}{_COLOR}\s{{0,4}}(?:={{1,2}}>?|:=?(?!:)|[：＝])\s{{0,4}}"
_BEGIN = r"(?<![\w.-])"
_COOKIE = re.compile(r"[\w.-]{1,100}=")
# The name of a class in a log or a trace: what follows its colon is a message.
_CLASS = re.compile(
    r"(?:[\w-]+\.)*[A-Z]\w*(?:Aspect|Checker|Client|Controller|Error|Exception|Factory|"
    r"Filter|Handler|Helper|Impl|Interceptor|Job|Listener|Manager|Provider|Resolver|"
    r"Service|Store|Task|Utils?|Validator)"
)


def _regex(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE | re.DOTALL)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """Compile what stands before secrets, or around them, when a text needs it."""
    name = rf"{_BEGIN}(?:field|key|k|name|param|param(?:eter)?[_-]?name){_ASSIGNED}"
    value = rf"(?:v|val|value|param(?:eter)?[_-]?value){_ASSIGNED}"
    word = rf"{_QUOTE}(?P<name>[\w.-]{{1,100}}+){_QUOTE}"
    between = r"""[\s,;"'\\]{1,12}"""
    short = r"""(?:(\\{0,15}["'])[^"'\\]{1,500}\2|[^\s,;"'{}\[\]\\]{1,200})"""
    begin = rf"-----BEGIN [A-Z ]{{0,20}}{PRIVATE_KEY}"
    end = rf"-----END [A-Z ]{{0,20}}{PRIVATE_KEY}"
    option = r"(?P<option>-?-[A-Za-z][\w.-]{1,63}+)"
    variable = r"(?:export|setenv)\s{1,4}(?P<variable>[A-Z][A-Z0-9_]{1,63}+)"
    user = r"(?<=\s)(?:-u|--user|--proxy-user)[\s=]{0,4}"
    return {
        "private_key": _regex(rf"({begin}).*?({end}|\Z)"),
        "scheme": _regex(r"(\b(?:bearer|basic)\s{1,4})[\w+/=.~-]{6,}"),
        "address": _regex(r"(://[^\s:/@]{0,64}:)[^\s/@]{1,200}@"),
        "pair": _regex(rf"{name}{word}{between}{value}"),
        "turned_pair": _regex(rf"({_BEGIN}{value}){short}(?={between}{name}{word})"),
        "assignment": _regex(
            rf"(?:\x1b\[[\d;]{{0,10}}m|{_BEGIN})(?P<key>[\w.-]++)"
            rf"""(?:(?P<sign>{_ASSIGNED})(?:(?:bearer|basic)\s{{1,4}})?"""
            r"""|(?P<call>\s{0,2}\(\s{0,2}(?=\\{0,15}["'])))"""
        ),
        "flag": _regex(rf"(?<![\w-])(?:{option}|{variable})\s{{1,4}}+(?![-=:|>&;])"),
        "markup": _regex(
            r"(<(?P<key>[\w:.-]{1,64}+)(?:\s[^<>]{0,200})?>(?:<!\[CDATA\[)?)"
            r"(?:[^<\]]{1,4096}+(?=</|\]\]>)|[^<\s]{1,4096}+\Z)"
        ),
        "sql": _regex(
            r"\bidentified\s{1,4}(?:with\s{1,4}\S{1,64}\s{1,4})?(?:by|as)\s{1,4}"
            r"(?:(?:password|values)\s{1,4})?"
            r"|\bset\s{1,4}password\s{1,4}for\s{1,4}[^\s=]{1,128}\s{0,4}=\s{0,4}"
            r"(?!password\s{0,2}\()"
        ),
        "client": _regex(r"\b(?:mysql\w{0,10}|mariadb\w{0,10}|obclient)\b"),
        "client_password": _regex(r"(?-i:(?<=\s)-p)(?=\S)"),
        "wrapper": _regex(r"\bsshpass\s{1,4}(?:-[a-oq-z]\s{1,4}){0,3}-p\s{0,4}"),
        "curl_user": _regex(
            rf"""({user}"[^"\s:]{{1,64}}:)[^"]{{1,500}}(?=")"""
            rf"""|({user}'[^'\s:]{{1,64}}:)[^']{{1,500}}(?=')"""
            rf"""|({user}[^\s:"']{{1,64}}:)[^\s"']{{1,500}}"""
        ),
    }


@cache
def _steps() -> tuple[tuple[tuple[str, ...], Step], ...]:
    """Give what masks one kind of secret each, and what such a text has in it."""
    known = _patterns()

    def put(pattern: re.Pattern[str], by: str | Callable[[Match], str]) -> Step:
        return lambda text: pattern.sub(by, text)

    def behind(pattern: re.Pattern[str], is_wanted: Callable[[Match], bool] = bool) -> Step:
        return lambda text: _mask_behind(text, pattern, is_wanted)

    values = ("val", 'v"', "v'", "v\\")
    return (
        ((PRIVATE_KEY.lower(),), put(known["private_key"], rf"\1{MASK}\2")),
        (("bearer", "basic"), put(known["scheme"], rf"\1{MASK}")),
        (("://",), put(known["address"], rf"\1{MASK}@")),
        (("identified", "for"), behind(known["sql"])),
        (values, put(known["turned_pair"], _masked_pair)),
        (values, behind(known["pair"], lambda match: is_secret_key(match["name"]))),
        (("=", ":", "：", "＝", "("), behind(known["assignment"], _is_secret_assignment)),
        (("<",), put(known["markup"], _masked_element)),
        (("sshpass",), behind(known["wrapper"])),
        (("-", "export", "setenv"), behind(known["flag"], _is_secret_flag)),
        (("mysql", "mariadb", "obclient"), _mask_clients),
        (("curl",), put(known["curl_user"], rf"\1\2\3{MASK}")),
    )


def mask_text(text: str) -> str:
    """Mask the secrets in a text, ``password=...`` for example.

    Examples
    --------
    >>> mask_text("connect with user=root password='a b' to 10.0.0.1")
    'connect with user=root password=*** to 10.0.0.1'
    """
    lower = text.lower()
    if not any(map(lower.__contains__, _HINTS)):
        return text
    for signs, mask in _steps():
        if any(map(lower.__contains__, signs)):
            text = mask(text)
    return text


def _mask_behind(
    text: str,
    pattern: re.Pattern[str],
    is_wanted: Callable[[Match], bool],
) -> str:
    """Mask the values that stand directly behind what a pattern finds."""
    pieces = []
    kept = at = 0
    while match := pattern.search(text, at):
        at = match.end()
        if is_wanted(match):
            end = _rest_of_cookies(text, match) or value_end(text, at)
            if end > at:
                pieces += [text[kept:at], MASK]
                kept = at = end
        elif "key" in pattern.groupindex:
            at = match.end("key")  # what follows may be another key
    return "".join(pieces) + text[kept:] if pieces else text


def _mask_clients(text: str) -> str:
    known = _patterns()
    if known["client"].search(text) is None:
        return text
    return _mask_behind(text, known["client_password"], bool)


def _is_secret_assignment(match: Match) -> bool:
    key: str = match["key"]
    if not is_secret_key(key):
        return False
    if match["call"]:  # PASSWORD('...') of SQL
        return key.lower().endswith(("password", "passwd", "secret"))
    if _CLASS.fullmatch(key) and ":" in match["sign"]:
        return False
    if role_of(key).is_name:
        return _patterns()["pair"].match(match.string, match.start("key")) is None
    return True


def _is_secret_flag(match: Match) -> bool:
    variable: str | None = match["variable"]
    if variable is not None:
        return variable.isupper() and is_secret_key(variable)
    return is_secret_key(match["option"])


def _rest_of_cookies(text: str, match: Match) -> int:
    """Tell where the cookies of a header end, if the match is one: with the header."""
    key = match.groupdict().get("key") or ""
    begin = match.end()
    if "cookie" not in key.lower() or ":" not in match["sign"]:
        return 0
    if _COOKIE.match(text, begin) is None:
        return 0
    end = text.find("\n", begin)
    end = len(text) if end < 0 else end
    before = text[match.start("key") - 1 : match.start("key")]
    if before and before in "\"'":
        quote = text.find(before, begin, end)
        if quote >= 0:
            end = quote
            while text[end - 1] == "\\":
                end -= 1
    return end


def _masked_pair(match: Match) -> str:
    return f"{match[1]}{MASK}" if is_secret_key(match["name"]) else match[0]


def _masked_element(match: Match) -> str:
    is_secret = is_secret_key(match["key"]) and not role_of(match["key"]).is_name
    return f"{match[1]}{MASK}" if is_secret else match[0]
