"""Secrets in a text: behind keys, flags and words of SQL, in addresses, and by their shape.

A text is read once, from its begin to its end: from one sign of a secret to the next, and
on from where the secret ends. What a sign needs to see before it is bounded.
"""

from __future__ import annotations

import re

from taskgraph.privacy.secret_assignments import find_at_key, find_at_wide_key, find_echoed
from taskgraph.privacy.secret_signs import (
    CLIENTS,
    KEYS,
    MASK,
    OPTIONS,
    READERS,
    SCHEMES,
    SHAPES,
    SIGN,
    WIDE_KEYS,
    small_letters,
)
from taskgraph.privacy.secret_values import Scan, Span
from taskgraph.privacy.secrets_without_key import (
    find_account,
    find_address,
    find_at_option,
    find_in_sql,
    find_scheme,
    find_shape,
    note_client,
)

_SIGN = re.compile(SIGN)
_ESCAPED = re.compile(
    r"\\{1,8}u(?!d[89a-f])([0-9a-f]{4})|(?:%|\\{1,8}x)([2-7][0-9a-f])"
    r"|&(?:(quot|apos|amp|lt|gt)|#(3[49]|6[012]));",
    re.IGNORECASE,
)
_ENTITIES = {"quot": '"', "apos": "'", "amp": "&", "lt": "<", "gt": ">"}
_MOST_LAYERS = 4
# Some tokens begin as a key does: key-5ec4..., and ssh-key-data: ...
_KEY_IN_SHAPE = {shape: key for shape in SHAPES for key in KEYS if shape.startswith(key)}


def masked(text: str) -> str:
    """Mask the secrets in a text that has a sign of one."""
    result = plain = _masked(text)
    for _ in range(_MOST_LAYERS):
        if (read := _ESCAPED.sub(_unescaped, plain)) == plain:
            break
        plain = _masked(read)
        if plain != read:
            result = plain
    return result


def _unescaped(match: re.Match[str]) -> str:
    if match[3]:
        return _ENTITIES[match[3].lower()]
    char = chr(int(match[4]) if match[4] else int(match[1] or match[2], 16))
    return char if char.isprintable() else match[0]


def _masked(text: str) -> str:
    """Hide every secret that stands in a text as it is."""
    small = small_letters(text)
    scan = Scan(text, small)
    pieces: list[str] = []
    at = 0
    while sign := _SIGN.search(small, at):
        begin, end = sign.span()
        at, word = begin + 1, sign[0]
        is_key = word in KEYS
        secret = find_at_key(scan, begin, end) if is_key else _find(scan, word, begin, end)
        if secret is None:
            continue
        begin, scan.read = secret
        if scan.read > begin:
            pieces += [text[scan.kept : begin], MASK]
            scan.kept = scan.read
        if scan.read > at:
            at = scan.read
    return "".join(pieces) + text[scan.kept :] if pieces else text


def _find(scan: Scan, sign: str, begin: int, end: int) -> Span | None:
    """Tell what to hide for a sign that is no key, or how far nothing is to hide."""
    if sign == "@":
        return find_account(scan.text, begin, scan.kept)
    if sign == "://":
        return find_address(scan.text, begin)
    if sign in WIDE_KEYS:
        return find_at_wide_key(scan, begin, end)
    if sign in OPTIONS:
        return find_at_option(scan, sign, begin, end)
    if sign in CLIENTS:
        note_client(scan, sign, begin, end)
    if sign in CLIENTS or sign in READERS:
        return find_echoed(scan, begin) if sign in READERS else None
    if sign == "identified":
        return find_in_sql(scan, begin, end)
    find = find_scheme if sign in SCHEMES else find_shape
    secret = find(scan.text, begin)
    if secret is None and (key := _KEY_IN_SHAPE.get(sign)):
        return find_at_key(scan, begin, begin + len(key))
    return secret
