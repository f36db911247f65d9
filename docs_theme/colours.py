"""The colours of code in the documentation, which loads nothing from elsewhere."""

from __future__ import annotations

from typing import Any

from pygments.formatters import HtmlFormatter


def on_env(env: Any, **_: Any) -> Any:
    """Let the templates write the style sheet of a style of Pygments."""
    env.globals["code_colours"] = lambda style: HtmlFormatter(style=style).get_style_defs(
        ".highlight"
    )
    return env
