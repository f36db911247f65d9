"""The page of the rules is what the code says."""

from __future__ import annotations

from pathlib import Path

from taskgraph.checks.registry import RULES, find_rules
from taskgraph.reports.rules import rules_markdown


def test_the_page_in_the_docs_is_up_to_date(root: Path) -> None:
    page = (root / "docs" / "rules.md").read_text("utf-8")
    assert page == rules_markdown(RULES), (
        "run: taskgraph rules --format markdown -o docs/rules.md"
    )


def test_every_rule_has_a_section_that_its_row_links_to() -> None:
    page = rules_markdown(RULES)
    headings = [line[3:] for line in page.splitlines() if line.startswith("## ")]
    assert headings == [f"{rule.code} {rule.name}" for rule in RULES]
    for heading in headings:
        assert f"(#{heading.lower().replace(' ', '-')})" in page


def test_rows_do_not_break_the_table() -> None:
    for line in rules_markdown(RULES).splitlines():
        if line.startswith("| [TG"):
            assert line.count("|") == 5


def test_what_is_off_by_default_says_so() -> None:
    assert "info, off by default" in rules_markdown(find_rules("TG107"))
