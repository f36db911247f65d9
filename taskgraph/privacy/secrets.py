"""Secrets in what was saved: finding and masking them.

Saved responses carry the engine's own parameters and logs, and those carry passwords. A
value is masked where its key looks like that of a secret, and so is what stands behind
such a key in a line of text. Masking what is masked already changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from taskgraph.privacy.secret_keys import is_secret_key, role_of
from taskgraph.privacy.secret_texts import PRIVATE_KEY, mask_text
from taskgraph.privacy.secret_values import MASK

__all__ = ["MASK", "is_secret_key", "mask_lines", "mask_text", "mask_value"]


def mask_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Mask the secrets in the lines of a log, also a private key over many lines."""
    masked = []
    inside = False
    for line in lines:
        if inside and PRIVATE_KEY not in line:
            masked.append(MASK)
            continue
        begins, ends = line.rfind("-----BEGIN "), line.rfind("-----END ")
        if PRIVATE_KEY in line:
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
    secret = _secret_keys(value)
    masked = {
        key: _hidden(item) if key in secret else mask_value(item)
        for key, item in value.items()
    }
    return masked if any(masked[key] is not value[key] for key in value) else value


def _secret_keys(value: dict[str, Any]) -> set[str]:
    """Give the keys of secrets, also of ``{"key": "password", "value": "..."}``."""
    roles = {key: role_of(key) for key in value}
    secret = {key for key, role in roles.items() if role.is_secret}
    values = {key for key, role in roles.items() if role.is_value}
    if values:
        names = {
            key
            for key, role in roles.items()
            if role.is_name and isinstance(value[key], str)
        }
        secret -= names
        if any(is_secret_key(value[name]) for name in names):
            secret |= values
    return secret


def _hidden(value: Any) -> Any:
    """Mask everything in a value that could tell something."""
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    return value if value in (None, "") or isinstance(value, bool) else MASK
