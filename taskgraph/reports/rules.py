"""The rules as text for people."""

from __future__ import annotations

from collections.abc import Iterable

from taskgraph.checks import Rule

__all__ = ["rule_text", "rules_text"]


def rules_text(rules: Iterable[Rule]) -> str:
    """List rules, one a line."""
    return "".join(
        f"{rule.code}  {rule.severity!s:7}  {'   ' if rule.enabled else 'off'}  "
        f"{rule.name:32}  {rule.doc.summary}\n"
        for rule in rules
    )


def rule_text(rule: Rule) -> str:
    """Explain a rule."""
    doc = rule.doc
    off = "" if rule.enabled else ", off by default"
    sections = [
        f"{rule.code} {rule.name} ({rule.severity}{off})\n{doc.summary}",
        f"What it does\n{_indented(doc.what)}",
        f"Why it is bad\n{_indented(doc.why)}",
        f"Example\n{_indented(doc.example)}",
        f"What to do\n{_indented(doc.action)}",
    ]
    if rule.needs:
        needs = "\n".join(need.what for need in rule.needs)
        sections.append(f"Skipped without\n{_indented(needs)}")
    return "\n\n".join(sections) + "\n"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
