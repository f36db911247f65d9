"""Secrets in what was saved: finding and masking them.

Saved responses carry the engine's own parameters and logs, and those carry passwords. A
value is masked where its key looks like that of a secret, and so is what stands behind
such a key in a line of text. Masking what is masked already changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

__all__ = ["MASK", "is_secret_key", "mask_lines", "mask_text", "mask_value"]

MASK = "***"

_ANYWHERE = "password|passwd|passphrase|secret|token|credential|authorization|cookie"
_COMPOUNDS = "(?:api|access|private|encryption|signing|ssh|master)[_-]?key"
_WORDS = frozenset({"auth", "key", "keys", "pass", "pwd"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PAIR_NAMES = ("key", "name")
# Every one of them is tried at many places of long lines: nothing in them may repeat
# without a bound in front of what can fail.
_HINTS = re.compile(
    r"pass|pwd|secret|token|credential|key|auth|cookie|bearer|identified\s|://|"
    r"mysql|obclient",
    re.IGNORECASE,
)
_VALUE = (
    r"""(?:\\+"[^"]*"|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'"""
    r"""|[^\s,;&}\])"']+|["'][^\s"']+)"""
)
_ASSIGNED = r"""(?:\\{0,4}["'])?\s{0,4}(?:=>|[=:])\s{0,4}"""
_PRIVATE_KEY = "PRIVATE KEY-----"


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Compile the patterns when the first text needs them."""
    begin = f"-----BEGIN [A-Z ]{{0,20}}{_PRIVATE_KEY}"
    end = f"-----END [A-Z ]{{0,20}}{_PRIVATE_KEY}"
    named = rf"(?:{_ANYWHERE}|{_COMPOUNDS})[\w.-]{{0,40}}{_ASSIGNED}"
    sources = (
        (rf"({begin}).*?({end}|\Z)", rf"\1{MASK}\2"),
        (r"(\b(?:bearer|basic)\s{1,4})[\w+/=.~-]{6,}", rf"\1{MASK}"),
        (rf"({named}(?:(?:bearer|basic)\s)?){_VALUE}", rf"\1{MASK}"),
        (rf"((?<![^\W_])(?:pwd|pass|key|auth){_ASSIGNED}){_VALUE}", rf"\1{MASK}"),
        (r"(://[^\s:/@]{0,64}:)[^\s/@]{1,200}@", rf"\1{MASK}@"),
        (rf"(\bidentified\s{{1,4}}by\s{{1,4}}){_VALUE}", rf"\1{MASK}"),
    )
    flags = re.IGNORECASE | re.DOTALL
    return tuple((re.compile(source, flags), by) for source, by in sources)


_CLIENT = re.compile(r"\b(?:mysql\w{0,10}|obclient)\b", re.IGNORECASE)
_CLIENT_PASSWORD = re.compile(rf"(?<=\s)(-p){_VALUE}")


@lru_cache(maxsize=4096)
def is_secret_key(key: str) -> bool:
    """Tell whether the key of a value looks like that of a secret.

    Examples
    --------
    >>> [is_secret_key(key) for key in ("rootPassword", "api_key", "keywords", "zone")]
    [True, True, False, False]
    """
    if re.search(f"{_ANYWHERE}|{_COMPOUNDS}", key, re.IGNORECASE):
        return True
    return any(word.lower() in _WORDS for word in _WORD.findall(key))


def mask_text(text: str) -> str:
    """Mask the secrets in a text, ``password=...`` for example.

    Examples
    --------
    >>> mask_text("connect with user=root password='a b' to 10.0.0.1")
    'connect with user=root password=*** to 10.0.0.1'
    """
    if _HINTS.search(text) is None:
        return text
    for pattern, by in _patterns():
        text = pattern.sub(by, text)
    if _CLIENT.search(text) is not None:
        text = _CLIENT_PASSWORD.sub(rf"\1{MASK}", text)
    return text


def mask_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Mask the secrets in the lines of a log, also a private key over many lines."""
    masked = []
    inside = False
    for line in lines:
        if inside and _PRIVATE_KEY not in line:
            masked.append(MASK)
            continue
        begins, ends = line.rfind("-----BEGIN "), line.rfind("-----END ")
        if _PRIVATE_KEY in line:
            inside = begins > ends
        masked.append(mask_text(line))
    return tuple(masked)


def mask_value(value: Any) -> Any:
    """Mask the secrets in a JSON value; where there are none, it is given back itself."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, list):
        items = [mask_value(item) for item in value]
        is_same = all(a is b for a, b in zip(items, value, strict=True))
        return value if is_same else items
    if not isinstance(value, dict):
        return value
    secret = {key for key in value if is_secret_key(key)}
    if "value" in value:  # a pair like {"key": "password", "value": "..."}
        names = {name for name in _PAIR_NAMES if isinstance(value.get(name), str)}
        secret -= names
        if any(is_secret_key(value[name]) for name in names):
            secret.add("value")
    masked = {
        key: _hidden(item) if key in secret else mask_value(item)
        for key, item in value.items()
    }
    return masked if any(masked[key] is not value[key] for key in value) else value


def _hidden(value: Any) -> Any:
    """Mask everything in a value that could tell something."""
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    return value if value in (None, "") or isinstance(value, bool) else MASK
