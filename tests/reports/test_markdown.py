"""Texts of documents in Markdown: shown as they are, and they call nobody."""

from __future__ import annotations

import re

import markdown_it
import pytest

from taskgraph.reports.markdown import escaped, table


def shown(text: str) -> str:
    """Render as hosts do, and take the comments away that nobody sees."""
    parser = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table")
    return re.sub(r"<!--.*?-->", "", parser.render(text))


@pytest.mark.parametrize("text", ["@somebody", "#12", "a@b.example", "www.evil.example"])
def test_mentions_and_links_are_cut_in_two(text: str) -> None:
    spelt = escaped(f"see {text} and http://evil.example")
    assert text not in spelt
    assert "://" not in spelt
    assert shown(spelt) == f"<p>see {text} and http://evil.example</p>\n"


def test_a_cell_of_a_table_stays_one() -> None:
    page = shown(table(("name",), [[escaped("a|b `c` *d* <e>")]]))
    assert "<td>a|b `c` *d* &lt;e&gt;</td>" in page
