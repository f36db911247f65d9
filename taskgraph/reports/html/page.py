"""The page: one file that loads nothing, under a policy that lets nothing else run.

The style sheets and the script stand in the page; the content security policy names
them by their hashes, so that nothing that comes from a document can act.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import partial
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from taskgraph.diagrams.palette import DARK, LIGHT, Theme
from taskgraph.model import visible
from taskgraph.reports.comparison import Pair, change_lines
from taskgraph.reports.html.view import TaskView
from taskgraph.reports.results import Account, Collected

if TYPE_CHECKING:
    import jinja2

__all__ = ["colours", "report_html"]

_EARLY = 'document.documentElement.classList.add("js")'
"""Runs before the page is laid out, so that long tables are never laid out whole."""

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def report_html(collected: Collected) -> str:
    """Write the postmortem of one or several tasks as a page.

    Parameters
    ----------
    collected : Collected

    Returns
    -------
    str
        An HTML document that loads nothing: style, script and pictures are in it. The
        same for the same tasks, whatever the order of their subtasks.
    """
    several = len(collected.accounts) > 1
    views = [
        TaskView(account, f"t{place}") for place, account in enumerate(collected.accounts)
    ]
    environment = _environment()
    style, script = colours() + _asset("style.css"), _asset("script.js")
    body = environment.get_template("body.html").render(
        tasks=views,
        several=several,
        unreadable=collected.unreadable,
        changes=_changes(collected.change),
        version=collected.version,
        title=_title(collected.accounts),
    )
    return environment.get_template("page.html").render(
        title=_title(collected.accounts),
        policy=_policy([style, *_STYLE.findall(body)], [_EARLY, script]),
        style=_safe(style),
        early=_safe(_EARLY),
        script=_safe(script),
        body=_safe(body),
    )


def _title(accounts: Iterable[Account]) -> str:
    names = [account.graph.task.name.strip() or "Task" for account in accounts]
    return visible(names[0]) if len(names) == 1 else f"{len(names)} tasks"


def _environment() -> jinja2.Environment:
    """Give an environment in which every text is made visible and escaped."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _finalize(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value)
    return value


def _asset(name: str) -> str:
    return files("taskgraph.reports.html").joinpath("assets", name).read_text("utf-8")


def _policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """Allow these style sheets and scripts, and nothing else at all."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src {_hashes(styles)}",
            f"script-src {_hashes(scripts)}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hashes(texts: Iterable[str]) -> str:
    digests = (sha256(text.encode()).digest() for text in dict.fromkeys(texts))
    return " ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in digests)


def _changes(pair: Pair | None) -> list[tuple[bool, str]] | None:
    """Give what changed, a line each as safe HTML, and whether it explains the last."""
    if pair is None:
        return None
    from markupsafe import escape

    quote = partial(_quoted, escape)
    return [
        (line.startswith(" "), _safe(line.strip())) for line in change_lines(pair, quote)
    ]


def _quoted(escape: Any, text: str) -> str:
    return f"<b>{escape(visible(text))}</b>"


def _safe(text: str) -> str:
    from markupsafe import Markup

    return Markup(text)


def colours() -> str:
    """Give the custom properties for light and for dark surroundings.

    On paper it is always light.
    """
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{_rules(DARK)}}}}}"
    return f":root{{{_rules(LIGHT)}}}\n{dark}\n"


def _rules(theme: Theme) -> str:
    named = {
        "page": theme.page,
        "text": theme.text,
        "muted": theme.muted,
        "border": theme.border,
        "frame": theme.frame,
        "critical": theme.critical,
        "gate": theme.gate,
        "gate-text": theme.gate_text,
    }
    for tone, (strong, soft) in theme.tones.items():
        named |= {tone: strong, f"{tone}-soft": soft}
    return ";".join(f"--{name}:{value}" for name, value in named.items())
