"""PNG and PDF of the built-in pictures, without Graphviz.

Drawn by typst, which reads SVG itself, in light colours. Fonts are those of the system:
Chinese names need a Chinese font to be installed, Noto Sans CJK for example.
"""

from __future__ import annotations

import re
from math import sqrt
from typing import Literal, TypeAlias

from taskgraph.errors import RenderError

__all__ = ["PictureFormat", "render_picture"]

PictureFormat: TypeAlias = Literal["png", "pdf"]

_SHARP = 192.0
"""Dots per inch: two for each pixel of the SVG."""
_MOST_DOTS = 50_000_000
_MOST_POINTS = 14_400
"""The longest side of a page in PDF."""
_PAGE = b"""\
#set document(date: none)
#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.svg), format: "svg", width: float(sys.inputs.width) * 1pt)
"""


def render_picture(svg: str, form: PictureFormat) -> bytes:
    """Turn a built-in SVG into a picture.

    PNG has two dots per pixel, fewer where it would be larger than 50 million dots. Texts
    of a PDF stay texts.

    Raises
    ------
    RenderError
        If typst is not installed, or cannot draw this.
    """
    try:
        import typst
    except ImportError as error:
        raise RenderError(
            f"{form} needs the package 'typst': install taskgraph with its extra "
            "'picture', or use the engine 'dot'"
        ) from error
    size = re.search(r'width="(\d+)" height="(\d+)"', svg)
    assert size is not None  # the built-in engine always writes it
    width, height = float(size[1]), float(size[2])
    dots = width * height * 4
    points = width * min(0.75, _MOST_POINTS / max(width, height))
    try:
        drawn: bytes = typst.compile(
            _PAGE,
            format=form,
            ppi=_SHARP * min(1, sqrt(_MOST_DOTS / dots)) if form == "png" else None,
            sys_inputs={"svg": svg, "width": f"{points:.2f}"},
        )
    except RuntimeError as error:
        raise RenderError(f"typst cannot draw this: {error}") from error
    return drawn
