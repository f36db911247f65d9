"""The rules, as text for people and as a page in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from taskgraph.checks.rule import Rule


def rules_text(rules: Iterable[Rule]) -> str:
    """List rules, one a line."""
    return "".join(
        f"{rule.code}  {rule.severity!s:7}  {'   ' if rule.enabled else 'off'}  "
        f"{rule.name:32}  {rule.doc.summary}\n"
        for rule in rules
    )


def rule_sections(rule: Rule) -> Iterator[tuple[str, str]]:
    """Give what is written about a rule, section by section, each with its title."""
    yield "What it does", rule.doc.what
    yield "Why it is bad", rule.doc.why
    yield "Example", rule.doc.example
    yield "What to do", rule.doc.action


def rule_text(rule: Rule) -> str:
    """Explain a rule."""
    sections = [f"{rule.code} {rule.name} ({_severity(rule)})\n{rule.doc.summary}"]
    sections += [f"{title}\n{_indented(text)}" for title, text in rule_sections(rule)]
    if rule.needs:
        needs = "\n".join(need.what for need in rule.needs)
        sections.append(f"Skipped without\n{_indented(needs)}")
    return "\n\n".join(sections) + "\n"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


_HEAD = """\
# Rules

What `taskgraph check` looks for. This page is written by
`taskgraph rules --format markdown -o docs/rules.md`; do not edit it.

A rule is named by its code or its name in `--select` and `--ignore` and in the
configuration; the beginning of a code (`TG1`) names several. The severity is the default. A
rule that needs something that a document does not have is skipped and counted as skipped:
it is neither passed nor a false alarm.
"""


def rules_markdown(rules: Iterable[Rule]) -> str:
    """Write a table of the rules and a section for each."""
    rules = tuple(rules)
    return f"{_HEAD}\n{''.join(_table(rules))}{''.join(map(_section, rules))}"


def _table(rules: Iterable[Rule]) -> Iterator[str]:
    yield "| code | name | severity | what it finds |\n|---|---|---|---|\n"
    for rule in rules:
        link = f"[{rule.code}](#{rule.code.lower()}-{rule.name})"
        summary = rule.doc.summary.removesuffix(".")
        yield f"| {link} | {rule.name} | {_severity(rule)} | {summary} |\n"


def _severity(rule: Rule) -> str:
    return f"{rule.severity}{'' if rule.enabled else ', off by default'}"


def _section(rule: Rule) -> str:
    needs = "; ".join(need.what for need in rule.needs) or "nothing"
    parts = [
        f"\n## {rule.code} {rule.name}",
        rule.doc.summary,
        f"Severity: {_severity(rule)}. Needs: {needs}.",
        *(f"### {title}\n\n{text}" for title, text in rule_sections(rule)),
    ]
    return "\n\n".join(parts) + "\n"
