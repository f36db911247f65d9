"""The page: one file that loads nothing, under a policy that lets nothing else run.

The style sheets and the script stand in the page; the content security policy names
them by their hashes, so that nothing that comes from a document can act.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup, escape

from taskgraph.diagrams.options import DiagramOptions
from taskgraph.diagrams.palette import DARK, LIGHT, Theme
from taskgraph.model.durations import format_duration
from taskgraph.model.statuses import DEFINITION, addition, look, shown_status, status_name
from taskgraph.model.words import counted, joints, name_of, title_of, visible
from taskgraph.reports.comparison import Pair, change_lines, changed, pair_svg
from taskgraph.reports.explaining.explanation import headline
from taskgraph.reports.history_tables import cell
from taskgraph.reports.html.trends import LEGEND, TrendView
from taskgraph.reports.html.view import TaskView, drawn
from taskgraph.reports.results import Postmortem, figures
from taskgraph.reports.trends import TREND_NOTES, change_text, left_out, runs_told
from taskgraph.version import __version__

if TYPE_CHECKING:
    from taskgraph.history.trending import Trends

_EARLY = 'document.documentElement.classList.add("js")'
"""Runs before the page is laid out, so that long tables are never laid out whole."""

_AT_ONCE = 1 << 16  # characters of small pieces, which are put together
_BETWEEN = re.compile(r"(?<=[.:/_])\b")
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def report_html(postmortem: Postmortem, options: DiagramOptions) -> Iterator[str]:
    """Write the postmortem of one or several tasks as a page that loads nothing, in pieces.

    It is the same for the same tasks, whatever the order of their subtasks. Of the options
    count what is collapsed, and which view comes first.
    """
    accounts = postmortem.told
    title = counted(len(accounts), "task")
    if len(accounts) == 1:
        title = title_of(accounts[0].graph.task)
    tasks = [
        TaskView(account.analysis, account.checked, f"t{place}", options)
        for place, account in enumerate(accounts)
    ]
    picture = _picture(postmortem.change)
    drawn = (each for task in tasks for each in (task.diagram, task.timeline) if each)
    return _page(
        title,
        "body.html",
        [picture, *(svg for each in drawn for svg in (each.svg, each.phone))],
        tasks=tasks,
        options=options,
        several=len(accounts) > 1,
        unreadable=postmortem.unreadable,
        changes=_changes(postmortem.change),
        picture=picture,
        before=postmortem.accounts[0].graph.task.origin.file if accounts else "",
        version=postmortem.version,
    )


def changes_html(pairs: Sequence[Pair], unreadable: Sequence[str]) -> Iterator[str]:
    """Write what changed as a page that loads nothing, with a picture of each task.

    It comes in pieces.
    """
    rows = [
        (p.name, _changes(p), drawn(pair_svg(p, heading=False))) for p in changed(pairs)
    ]
    told = {name for name, _, _ in rows}
    return _page(
        "Changes of tasks",
        "changes.html",
        [svg for _, _, svg in rows],
        rows=rows,
        same=[pair.name for pair in pairs if pair.name not in told],
        unreadable=unreadable,
        version=__version__,
    )


def trends_html(trends: Trends) -> str:
    """Write how runs changed over time as a page that loads nothing."""
    views = [TrendView(task, f"k{place}") for place, task in enumerate(trends.tasks)]
    title = views[0].trend.task if len(views) == 1 else "Runs over time"
    pieces = _page(
        title,
        "trends.html",
        styles=("style.css", "trends.css"),
        script="trends.js",
        views=views,
        runs_told=runs_told,
        change_text=change_text,
        cell=cell,
        left_out=left_out(trends.left_out) if trends.left_out else "",
        notes=TREND_NOTES,
        legend=LEGEND,
        version=__version__,
    )
    return "".join(pieces)


def _page(
    title: str,
    template: str,
    pictures: Iterable[str] = (),
    styles: Sequence[str] = ("style.css",),
    script: str = "script.js",
    **content: Any,
) -> Iterator[str]:
    style, script = _colours() + "".join(map(_asset, styles)), _asset(script)
    drawn = (each for svg in pictures for each in _STYLE.findall(svg))
    pieces = (
        _environment()
        .get_template("page.html")
        .generate(
            title=title,
            template=template,
            policy=_policy([style, *drawn], [_EARLY, script]),
            style=Markup(style),
            early=Markup(_EARLY),
            script=Markup(script),
            **content,
        )
    )
    return _put_together(pieces)


def _put_together(pieces: Iterable[str]) -> Iterator[str]:
    """Put small pieces together; a large one would be copied, as wide as any character."""
    small: list[str] = []
    size = 0
    for piece in pieces:
        if size + len(piece) > _AT_ONCE:
            yield "".join(small)
            small, size = [], 0
        if len(piece) > _AT_ONCE:
            yield piece
        else:
            small.append(piece)
            size += len(piece)
    yield "".join(small)


@cache
def _environment() -> jinja2.Environment:
    """Give the environment in which every text is made visible and escaped.

    To translate the templates takes longer than to write the page of an ordinary task.
    """
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_asset),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"breakable": _breakable, "counted": counted}
    environment.globals |= {
        "DEFINITION": DEFINITION,
        "addition": addition,
        "duration": format_duration,
        "figures": figures,
        "headline": headline,
        "joints": joints,
        "look": look,
        "name_of": name_of,
        "shown_status": shown_status,
        "status_name": status_name,
        "title_of": title_of,
    }
    return environment


def _finalize(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return visible(value)
    return value


def _breakable(host: str) -> str:
    """Let lines break between the parts of an address, as they would within one."""
    return Markup(_BETWEEN.sub("<wbr>", escape(visible(host))))


def _asset(name: str) -> str:
    return files("taskgraph.reports.html").joinpath("assets", name).read_text("utf-8")


def _policy(styles: Iterable[str], scripts: Iterable[str]) -> str:
    """Allow these style sheets and scripts, and nothing else at all."""
    return (
        f"default-src 'none'; style-src {_hashes(styles)}; "
        f"script-src {_hashes(scripts)}; base-uri 'none'; form-action 'none'"
    )


def _hashes(texts: Iterable[str]) -> str:
    digests = (sha256(text.encode()).digest() for text in dict.fromkeys(texts))
    return " ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in digests)


def _changes(pair: Pair | None) -> list[tuple[bool, str]] | None:
    """Give what changed, a line each as safe HTML, and whether it explains the last."""
    if pair is None:
        return None

    def quote(text: str) -> str:
        return f"<b>{escape(visible(text))}</b>"

    lines = change_lines(pair, quote)
    return [(line.startswith(" "), Markup(line.strip())) for line in lines]


def _picture(pair: Pair | None) -> str:
    """Draw what changed, where that is the work and not only its state."""
    if pair is None or pair.comparison is None or not pair.comparison.is_structure_changed:
        return ""
    return drawn(pair_svg(pair, heading=False))


def _colours() -> str:
    """Give the custom properties, those of the diagrams; on paper it is always light."""
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{_rules(DARK)}}}}}"
    return f":root{{{_rules(LIGHT)}}}\n{dark}\n"


def _rules(theme: Theme) -> str:
    names = "page", "text", "muted", "border", "frame", "critical", "gate", "gate_text"
    named = {name.replace("_", "-"): getattr(theme, name) for name in names}
    for tone, (strong, soft) in theme.tones.items():
        named |= {tone: strong, f"{tone}-soft": soft}
    named |= {f"pace-{place}": colour for place, colour in enumerate(theme.paces)}
    return ";".join(f"--{name}:{value}" for name, value in named.items())
