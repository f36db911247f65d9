"""Where a secret may begin in a text: its signs, which are told at a glance.

Few texts have one. What it takes to find the secret itself is loaded for those only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from taskgraph.privacy.secret_keys import KEYS, WIDE_KEYS, words

MASK = "***"
SHAPES = {"-----begin", "---- begin"} | words(
    "$ * /hook/ :aa age-secret-key aiza akia akid asia crudjti dapi dop_ eyj gho_ ghp_ "
    "ghr_ ghs_ ghu_ github_pat gl gocspx- hf_ hooks.slack hvs. key- ltai npm_ pypi- "
    "rk_live sg. shpat_ sk- sk_live sk_test whsec_ xapp- xox ya {ssha"
)
"""How tokens of known shape begin, in small letters and without digits."""
SCHEMES = ("basic", "bearer")
# Programs that take a password behind an option of one letter; behind U and u it follows
# the name of the user and a sign.
CLIENTS = {
    "az login": "p", "beeline": "p", "cqlsh": "p", "curl": "uU", "docker login": "p",
    "ipmitool": "P", "ldap": "w", "mariadb": "p", "mongo": "p", "mydumper": "p",
    "myloader": "p", "mysql": "p", "obclient": "p", "obd ": "p",
    "obdumper": "p", "obloader": "p", "podman login": "p", "redis-cli": "a",
    "smbclient": "U", "sqlcmd": "P", "ssh-keygen": "N", "sshpass": "p", "unzip": "P",
    "useradd": "p", "usermod": "p", "wget": "uU", "zip": "P",
}  # fmt: skip
READERS = frozenset({"docker login", "kinit", "podman login", "sudo -s"})
"""Programs that read a password which another has echoed."""
OPTIONS = frozenset({"-p", "-a", "-w", "-u", "-user", "-n"})


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
    *CLIENTS,
    *OPTIONS,
    *READERS,
    "://",
    "@",
    "identified",
)
SIGN = _signs(_ALL)
"""The pattern of any sign, in small letters."""
_AT_ONCE = 1 << 12
_OFTEN = 100  # characters: what is longer seldom comes again
_SUSPECT = re.compile(rf"{SIGN}|\\[ux]|[%&]")


def small_letters(text: str) -> str:
    """Write a text in small letters, each in its place: one of them becomes two."""
    if text.isascii() or len(text) <= _AT_ONCE:
        return text.replace("İ", "I").lower()
    # What is not plain takes twelve bytes for each character meanwhile.
    begins = range(0, len(text), _AT_ONCE)
    return "".join(small_letters(text[at : at + _AT_ONCE]) for at in begins)


def is_suspect(text: str) -> bool:
    """Tell quickly whether a text may hold a secret; its digits change nothing."""
    return _has_sign(text) if len(text) > _OFTEN else _may_be_secret(text)


def _has_sign(text: str) -> bool:
    return _SUSPECT.search(small_letters(text)) is not None


_may_be_secret = lru_cache(maxsize=1 << 12)(_has_sign)  # a name is in many documents


def client_of(text: str) -> str:
    """Tell whether a word is a program with a password behind an option, and which."""
    word = small_letters(text).rpartition("/")[2]
    return next((name for name in CLIENTS if word.startswith(name)), "").strip()
