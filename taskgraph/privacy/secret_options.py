"""Secrets in commands: behind options of one letter, by whose they are, and in SQL."""

from __future__ import annotations

import re

from taskgraph.privacy.secret_signs import CLIENTS
from taskgraph.privacy.secret_values import Scan, Span, is_opaque, value_at


def _regex(source: str) -> re.Pattern[str]:
    return re.compile(source, re.IGNORECASE)


AFTER_OPTION = re.compile(
    r"""\\{0,15}["']\s{0,4},\s{0,4}[ub]?(?=\\{0,15}["'])"""
    r"""|\\{0,15}["']?\s{1,4}+(?=\\{0,15}["']|[^\s=|>&;-])"""
    r"""|,\s{0,4}(?=[^\s,\]"'-][^\s,\]"']{0,200}[,\]])"""
)
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
_SQL = _regex(
    r"identified\s{1,4}(?:with\s{1,4}\S{1,64}\s{1,4})?(?:by|as)\s{1,4}"
    r"(?:(?:password|values)\s{1,4})?"
)
_STATEMENT = _regex(r"(?:create|alter|grant)\b")


def note_client(scan: Scan, sign: str, begin: int, end: int) -> None:
    """Remember for the rest of the line whose options follow."""
    if not scan.text[begin - 1 : begin].isalnum():
        scan.client, scan.client_end = sign, scan.line_end(end)


def find_at_option(scan: Scan, sign: str, begin: int, end: int) -> Span | None:
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


def find_in_sql(scan: Scan, begin: int, end: int) -> Span | None:
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
