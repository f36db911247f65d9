"""Secrets in a text: behind keys, flags and words of SQL, in addresses, and by their shape.

A text is read once, from its begin to its end: from one sign of a secret to the next, and
on from where the secret ends. What a sign needs to see before it is bounded. Each of the
functions for a sign tells what to hide there, if anything: from where to where.
"""

from __future__ import annotations

import re
from base64 import b64decode

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
from taskgraph.privacy.secret_values import (
    AFTER_OPTION,
    PRIVATE_KEY,
    Scan,
    Span,
    is_harmless,
    is_opaque,
    value_at,
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
        return _find_account(scan.text, begin, scan.kept)
    if sign == "://":
        return _find_address(scan.text, begin)
    if sign in WIDE_KEYS:
        return find_at_wide_key(scan, begin, end)
    if sign in OPTIONS:
        return _find_at_option(scan, sign, begin, end)
    if sign in CLIENTS:
        _note_client(scan, sign, begin, end)
    if sign in CLIENTS or sign in READERS:
        return find_echoed(scan, begin) if sign in READERS else None
    if sign == "identified":
        return _find_in_sql(scan, begin, end)
    find = _find_scheme if sign in SCHEMES else _find_shape
    secret = find(scan.text, begin)
    if secret is None and (key := _KEY_IN_SHAPE.get(sign)):
        return find_at_key(scan, begin, begin + len(key))
    return secret


_SHAPE = re.compile(
    rf"""
    {PRIVATE_KEY.pattern}
        (?P<key>(?s:.*?)(?:(?=-{{4,5}}[ ]?END[ ][A-Z0-9 ]{{0,30}}PRIVATE[ ]KEY)|\Z))
    |(?<![A-Za-z0-9])(?:hooks\.slack\.com/services/)?(?P<token>
        eyJ[\w-]{{8,}}+(?:\.[\w-]*+){{0,4}}
        |(?:A[KS]IA|AKID|LTAI)[A-Za-z0-9]{{12,}}+
        |(?:AIza|AGE-SECRET-KEY-|GOCSPX-|hvs\.|npm_|pypi-|whsec_|ya29\.|hf_)[\w/+=-]{{16,}}+
        |(?:dapi|dop_v1_|shpat_|key-)[0-9a-f]{{16,}}+
        |(?:gh[oprsu]_|github_pat_|gl[a-z]{{2,4}}-|xapp-|xox[a-z]-|[rs]k_(?:live|test)_)[\w-]{{10,}}+
        |sk-(?=[A-Za-z-]{{0,40}}\d)[\w-]{{16,}}+
        |SG\.[\w-]{{16,}}+\.[\w-]{{16,}}+
        |(?<=slack\.com/services/)[\w/]{{16,}}+
    )(?![A-Za-z0-9])
    |/hook/(?P<hook>[\w-]{{16,}}+)
    |(?<=LS0tLS1)CRUdJTi(?P<encoded>(?!BDRVJU|BQVUJM)[\w/+=]{{8,}}+)
    |:(?P<bot>AA[\w-]{{30,}}+)
    |(?P<hash>\*[0-9A-F]{{40}}\b
        |\$(?:[1-9][a-z]?|argon2\w{{1,2}}|y)\$[\w./$=,+-]{{20,}}+
        |\{{SSHA\d{{0,3}}\}}[\w+/=]{{16,}}+)
    """,
    re.VERBOSE,
)


def _find_shape(text: str, begin: int) -> Span | None:
    """Look for a token, a private key, or what a database keeps of a password."""
    match = _SHAPE.match(text, begin)
    if match is None or match["edge"] == "END":
        return None
    return match.span(match.lastgroup or 0)


_CREDENTIALS = re.compile(
    r"(?:basic|bearer)\s{1,4}(?P<value>[\w+/=.~-]{6,}+)", re.IGNORECASE
)
_LONG = 20


def _find_scheme(text: str, begin: int) -> Span | None:
    """Look for what a header of HTTP has: ``Basic`` and ``Bearer`` are also plain words."""
    match = _CREDENTIALS.match(text, begin)
    if match is None or text[begin - 1 : begin].isalnum():
        return None
    start, end = match.span("value")
    is_basic = text[begin] in "Bb" and text[begin + 1] == "a"
    is_secret = _is_account(match["value"]) if is_basic else end - start >= _LONG
    return (start, end) if is_secret or is_opaque(text, start) else None


def _is_account(encoded: str) -> bool:
    """Tell whether a text is ``user:password`` in Base64, be it cut off."""
    whole = encoded[: len(encoded) // 4 * 4]
    try:
        plain = b64decode(whole, validate=True)
    except ValueError:  # also where a letter is not of ASCII
        return False
    return b":" in plain and plain.isascii() and plain.decode("ascii").isprintable()


_USER_INFO = re.compile(
    r"""://[^\s:/?\["'<>]{0,128}+:(?!//|\d{1,5}(?:[/?#,;\s"')\]}>.]|\Z)|port\b|[{$<%])"""
)
_RUN = re.compile(r"""[^\s"'<>…]{1,256}""")
_FARTHEST_END = 256
_PATH = re.compile("[/?#]")
_TOKEN = re.compile(r"""://(?P<token>[^\s:/?#@"'<>]{1,256})@""")


def _find_address(text: str, begin: int) -> Span | None:
    """Look for the password of an account in an address, also in one that was cut off."""
    alone = _TOKEN.match(text, begin)
    if alone is not None and is_opaque(alone["token"], 0):
        return alone.span("token")
    account = _USER_INFO.match(text, begin)
    if account is None:
        return None
    low, high = account.end(), account.end() + _FARTHEST_END
    other = text.find("://", low, high) if text.find("@", low, high) < 0 else -1
    run = _RUN.match(text, low, other if other >= 0 else len(text))
    if run is None:
        return None
    start, end = run.span()
    path = _PATH.search(text, start, end)
    at = text.rfind("@", start, path.start() if path else end)
    at = text.rfind("@", start, end) if at < 0 else at
    is_cut = end == len(text) or text[end] == "…"
    if is_harmless(text, start) or (at < 0 and not is_cut and not is_opaque(run[0], 0)):
        return None
    return start, end if at < 0 else at


_DRIVER = re.compile(r"@(?:tcp6?|udp|unix)\(")
_MACHINE = re.compile(r"@[\w\[/]")  # or a driver
_CLOCK = re.compile(r"\d\d(?::\d\d)?")
_TURNED_WORD = re.compile("[^\"' \n\t`]*")  # from its end, since it is found there
_FARTHEST, _SHORTEST = 200, len("u:pwd")


def _find_account(text: str, begin: int, low: int) -> Span | None:
    """Look before an ``@`` for ``user:password``, as drivers of Go and people write it."""
    if begin - low > _FARTHEST:
        low = begin - _FARTHEST
    turned = _TURNED_WORD.match(text[low:begin][::-1])
    if turned is None or turned.end() < _SHORTEST or not _MACHINE.match(text, begin):
        return None
    word = text[begin - turned.end() : begin]
    user, _, password = word.partition(":")
    if not password and user.count("/") == 1:
        user, _, password = user.partition("/")
    if not user or len(password) < 3:
        return None
    is_secret = is_opaque(password, 0) or _DRIVER.match(text, begin)
    if not is_secret or _CLOCK.match(password):
        return None
    return begin - len(password), begin


_PORT = re.compile(r"""["']?\d{1,5}(?=[:\s"']|\Z)""")
_BEFORE_OPTION = re.compile(r"[^\w./-]")
_LONG_OPTION = re.compile(
    r"-p(?:arallel|arameter|ath|id|ort|refix|rint|rotocol|roperties|ool)s?(?![\w@#$%!])"
)
_USER = re.compile(
    r"""(?P<quote>\\{0,15}["'])[^\s"':%]{1,64}[:%](?P<quoted>[^"'\n]{1,500})"""
    r"""|[^\s"':%]{1,64}[:%](?P<plain>[^\s"']{1,500})"""
)
_GLUED = frozenset({"mysql", "mariadb", "obclient"})
"""They ask for it, if a space stands behind the option."""
_SQL = re.compile(
    r"identified\s{1,4}(?:with\s{1,4}\S{1,64}\s{1,4})?(?:by|as)\s{1,4}"
    r"(?:(?:password|values)\s{1,4})?",
    re.IGNORECASE,
)
_STATEMENT = re.compile(r"(?:create|alter|grant)\b", re.IGNORECASE)


def _note_client(scan: Scan, sign: str, begin: int, end: int) -> None:
    """Remember for the rest of the line whose options follow."""
    if not scan.text[begin - 1 : begin].isalnum():
        scan.client, scan.client_end = sign, scan.line_end(end)


def _find_at_option(scan: Scan, sign: str, begin: int, end: int) -> Span | None:
    """Look for the password behind an option of one letter, by whose option it is."""
    text, at = scan.text, end
    if sign == "-user":
        at += text.startswith("=", at)
    elif begin and not _BEFORE_OPTION.match(text, begin - 1):
        return None
    letter = text[begin + 1]
    is_known = begin < scan.client_end and letter in CLIENTS[scan.client]
    spaced = AFTER_OPTION.match(text, at)
    if letter in "uU":
        return _find_of_user(text, spaced.end() if spaced else at, is_known=is_known)
    if spaced:
        at = spaced.end()
        if scan.client in _GLUED or not is_known:
            is_known = is_opaque(text, at) and (is_known or text[at] in "'\"")
        if not is_known or (scan.client != "sshpass" and _PORT.match(text, at)):
            return None
    elif _LONG_OPTION.match(text, begin) or not (
        is_known or (letter == "p" and is_opaque(text, at))
    ):
        return None
    if scan.client == "sshpass":
        scan.client_end = at  # what comes behind is another command
    return value_at(scan, at)


def _find_of_user(text: str, at: int, *, is_known: bool) -> Span | None:
    """Look behind the name of a user; of other programs it must look like a password."""
    user = _USER.match(text, at)
    if user is None:
        return None
    begin, end = user.span(user.lastgroup or 0)
    is_address = "//" in text[begin:end]
    is_secret = is_known or (is_opaque(text, begin) and not is_address)
    return (begin, end) if is_secret else None


def _find_in_sql(scan: Scan, begin: int, end: int) -> Span | None:
    """Look behind ``IDENTIFIED BY``, which are also plain words."""
    text = scan.text
    match = _SQL.match(text, begin)
    if match is None:
        return None
    at = match.end()
    is_surely = text[begin:end].isupper() or _STATEMENT.search(
        text[max(0, begin - 200) : begin]
    )
    if text[at : at + 1] in ("'", '"') or is_surely or is_opaque(text, at):
        return value_at(scan, at)
    return None
