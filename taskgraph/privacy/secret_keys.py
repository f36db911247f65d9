"""Which keys are those of secrets, and which stand in pairs such as name and value."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

__all__ = ["Role", "is_secret_key", "role_of"]

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
def _is_secret(key: str) -> bool:
    if _ANYWHERE.search(key):
        return True
    words = [word.lower() for word in _WORD.findall(key)]
    return any(
        word in _WORDS or (word.endswith(_ENDINGS) and word not in _HARMLESS)
        for word in words
    )


def is_secret_key(key: str) -> bool:
    """Tell whether the key of a value looks like that of a secret.

    Examples
    --------
    >>> [is_secret_key(key) for key in ("rootPassword", "api_key", "keywords", "zone")]
    [True, True, False, False]
    """
    return _is_secret(key if len(key) <= _LONGEST else key[-_LONGEST:])


@lru_cache(maxsize=4096)
def _role(key: str) -> Role:
    plain = key.lower().replace("_", "").replace("-", "")
    return Role(_is_secret(key), plain in _NAMES, plain in _VALUES)


def role_of(key: str) -> Role:
    """Tell whether a key is that of a secret, or of a part of a pair: name or value.

    Examples
    --------
    >>> role_of("paramName")
    Role(is_secret=False, is_name=True, is_value=False)
    """
    return _role(key if len(key) <= _LONGEST else key[-_LONGEST:])
