"""Signs of secrets, which are told at a glance: in a text, and in the key of a value.

Few texts have one. What it takes to find the secret itself is loaded for those only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

MASK = "***"


def words(text: str) -> frozenset[str]:
    """Give the words of a text, for tables of them."""
    return frozenset(text.split())


# What keys of secrets have in them: a text without any of these has no such key.
KEYS = words(
    "ak auth cookie cred csrf jsessionid jwt key mima otp pass phpsessid psk psw pswd pw "
    "secret sig sk token xsrf"
)
WIDE_KEYS = words(
    "令牌 凭据 凭证 口令 密码 密碼 密鑰 密钥 憑證 授权码 私鑰 私钥 秘钥 验证码"
)
_STEM = re.compile(
    "password|passwort|passwd|passphrase|passcode|passkey|secret|token|credential|"
    "authorization|cookie|(?:api|access|private|encryption|signing|ssh|master|secret)key"
)
_GLUED = words("data enc es hash id key keys new old plain s str string text value values")
"""What may follow such a word without a sign between: ``tokenvalue``, but no tokenizer."""
_ENDINGS = ("pass", "pw", "pwd", "psw", "pswd")
_HARMLESS = words("bypass compass encompass overpass sshpass surpass trespass underpass")
_SHORT = words("ak bearer creds csrf jsessionid jwt mima otp phpsessid psk sk xsrf")
_ODD = words("passphrase passwd password pwd secret token")
_VARIABLES = frozenset({"SSHPASS"})
"""Secrets in capitals only: the program of the same name is none."""
_WEAK = words("sign auth key keys oauth sig signature")
"""In prose these say nothing yet: the value must look like a secret too."""
_LOCKS = words(
    "access account aes api app auth client decryption des encrypt encryption hmac host "
    "license login master private rsa secret security server service session shared sign "
    "signing ssh storage subscription tls user webhook"
)
"""A key of one of these is a secret in prose too."""
_INDEXES = words(
    "cache candidate cluster clustering column composite config dedup distribution "
    "duplicate event foreign group hash hot i18n idempotency index join lock lookup map "
    "message natural object order parameter partition primary public range record redis "
    "registry routing row search shard sort storage surrogate translation unique"
)
"""A key of one of these is a column, or a place in a table."""
_ABOUT = words(
    "age algo algorithm algorithms alias attempts bits bucket cache callback category "
    "change changed check checked checker class client column columns config controller "
    "count counter created date days delay deleted disabled duration enabled encoder "
    "endpoint error errors exception exchange exists expiration expire expired expires "
    "expiry factory field fields file files filter format generator handler helper "
    "history hours impl in index interceptor interval invalid issuer job kind label last "
    "len length level lifetime limit listener location lock manager match max method min "
    "minutes missing mode mount name names num number parser path paths period plugin "
    "policy pool position prefix prompt provider range rate ref refresh remaining "
    "required reset resolver result retry rotated rotation rule rules schema scheme scope "
    "scopes seconds server service set size source space state stats status stdin storage "
    "store strategy strength suffix table task template time timeout timestamp total ttl "
    "type types update updated uri url usage util utils valid validation validator "
    "validity verified verifier version"
)
"""What follows the word of a secret in the name of something else: ``token_count``."""
_ASIDE = words(
    "allow ask can check count enable expected forgot has is max min missing need needs "
    "no num number of require required requires skip total unique without"
)
"""What comes first in such a name: ``maxTokens``, ``--no-password``."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
# It takes long to compile, and keys are seldom in Chinese.
_WIDE = rf"(?:{'|'.join(WIDE_KEYS)})(?:[明密]文|值|串|内容)?(?![\u4e00-\u9fff])"
_NAMES = words(
    "type attribute env envname field id k key label name option param parameter property "
    "setting title var variable"
)
_VALUES = words("after before new old content current data default text v val value")
_WIDE_NAMES, _WIDE_VALUES = ("名", "名称", "参数", "变量"), ("值", "内容")
# No key is longer; what is, is text, and its end says what comes behind it.
_LONGEST = 200


class Role(NamedTuple):
    """What a key says of its value and of those next to it."""

    is_secret: bool
    is_weak: bool
    """It may as well be the key of a table, or of a cache."""
    is_name: bool
    is_value: bool


@lru_cache(maxsize=4096)
def _role(key: str) -> Role:
    words = [word.lower() for word in _WORD.findall(key)]
    is_wide = not key.isascii() and re.search(_WIDE, key) is not None
    strength = 2 if is_wide or key in _VARIABLES else _strength(words)
    if not strength and not _ASIDE.issuperset(words[:1]):
        # In odd letters, PasSWord, its words are not told apart.
        strength = 2 * _ODD.issuperset(re.findall("[a-z]+", key.lower())[-1:])
    last = words[-1] if words else ""
    return Role(
        strength > 0,
        strength == 1,
        last in _NAMES or key.endswith(_WIDE_NAMES),
        last in _VALUES or key.endswith(_WIDE_VALUES),
    )


def _strength(words: list[str]) -> int:
    """Tell how surely words make the key of a secret: 0 not at all, 1 weakly, 2 surely."""
    if not words or words[0] in _ASIDE:
        return 0
    for place in range(len(words) - 1, -1, -1):
        word, before = words[place], words[place - 1] if place else ""
        if word in _ABOUT:
            return 0
        if word in {"key", "keys"}:
            if before in _INDEXES:
                return 0
            return 2 if before in _LOCKS else 1
        if _is_secret_word(word):
            return 2
        if word in _WEAK:
            return 1
    return 0


def _is_secret_word(word: str) -> bool:
    if word in _SHORT or (word.endswith(_ENDINGS) and word not in _HARMLESS):
        return True
    stem = _STEM.search(word)
    return stem is not None and (stem.end() == len(word) or word[stem.end() :] in _GLUED)


def role_of(key: str) -> Role:
    """Tell whether a key is that of a secret, or of a part of a pair: name or value.

    Examples
    --------
    >>> role_of("paramName")
    Role(is_secret=False, is_weak=False, is_name=True, is_value=False)
    """
    return _role(key[-_LONGEST:])


def is_secret_key(key: str) -> bool:
    """Tell whether the key of a value looks like that of a secret.

    Examples
    --------
    >>> [is_secret_key(key) for key in ("rootPassword", "api_key", "passCount", "zone")]
    [True, True, False, False]
    """
    return role_of(key).is_secret


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
