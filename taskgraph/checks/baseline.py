"""Findings that are known and accepted: they are told apart from new ones.

A finding is recognised by its fingerprint: the rule, and the task and the subtasks by name.
Ids, which change from run to run, and the order of the subtasks have no part in it; neither
has the file, so that the next response of the same kind of task is recognised too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from taskgraph.checks.findings import Finding
from taskgraph.checks.result import CheckResult
from taskgraph.errors import ConfigError

__all__ = [
    "Acceptance",
    "Baseline",
    "BaselineEntry",
    "fingerprints",
    "parse_baseline",
    "render_baseline",
]

FORMAT = "taskgraph/baseline"
VERSION = 1


class BaselineEntry(NamedTuple):
    """One accepted finding; all but the fingerprint is for people."""

    fingerprint: str
    code: str
    name: str
    task: str | None
    subtasks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted findings.

    Attributes
    ----------
    entries : tuple of BaselineEntry
    """

    entries: tuple[BaselineEntry, ...] = ()


def fingerprints(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Give the fingerprint of each finding of one task.

    Parameters
    ----------
    findings : sequence of Finding
        All findings of the task: where several are alike, each further one has a
        fingerprint of its own, so that one more of them is new.

    Returns
    -------
    tuple of str
        32 hexadecimal digits each.
    """
    from hashlib import blake2b

    seen: Counter[str] = Counter()
    prints = []
    for finding in findings:
        identity = _identity(finding)
        seen[identity] += 1
        text = f"{identity}{seen[identity]}".encode("utf-8", "backslashreplace")
        prints.append(blake2b(text, digest_size=16).hexdigest())
    return tuple(prints)


def _identity(finding: Finding) -> str:
    names = sorted(finding.subtask_names)
    return json.dumps([finding.code, finding.task_name, names, finding.detail])


def render_baseline(results: Iterable[CheckResult]) -> str:
    """Write the findings of a run as the baseline of the next ones.

    Returns
    -------
    str
        JSON, an entry for each different finding, sorted.
    """
    entries = set()
    for result in results:
        prints = fingerprints(result.findings)
        for finding, fingerprint in zip(result.findings, prints, strict=True):
            subtasks = tuple(sorted(finding.subtask_names))
            entries.add(
                BaselineEntry(
                    fingerprint, finding.code, finding.name, finding.task_name, subtasks
                )
            )
    ordered = sorted(
        entries, key=lambda entry: (entry.code, entry.task or "", entry.subtasks, entry)
    )
    content = {
        "format": FORMAT,
        "version": VERSION,
        "findings": [entry._asdict() for entry in ordered],
    }
    return json.dumps(content, indent=2) + "\n"


def parse_baseline(text: str, file: str) -> Baseline:
    """Read a baseline.

    Parameters
    ----------
    text : str
    file : str
        The name for messages.

    Raises
    ------
    ConfigError
        If the text is no baseline, or one of a later version.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: is not valid JSON: {error}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ConfigError(f"{file}: is no baseline: --write-baseline writes one")
    if content.get("version") != VERSION:
        raise ConfigError(
            f"{file}: is of version {content.get('version')}, but only {VERSION} is known: "
            "write it again"
        )
    rows = content.get("findings")
    if not isinstance(rows, list):
        raise ConfigError(f"{file}: has no list of findings")
    return Baseline(tuple(_entry(row, place, file) for place, row in enumerate(rows)))


def _entry(row: Any, place: int, file: str) -> BaselineEntry:
    if not isinstance(row, dict) or not isinstance(row.get("fingerprint"), str):
        raise ConfigError(f"{file}: /findings/{place} has no fingerprint")
    subtasks = row.get("subtasks")
    task = row.get("task")
    return BaselineEntry(
        fingerprint=row["fingerprint"],
        code=str(row.get("code", "?")),
        name=str(row.get("name", "?")),
        task=None if task is None else str(task),
        subtasks=tuple(map(str, subtasks)) if isinstance(subtasks, list) else (),
    )


class Acceptance:
    """Takes the findings that a baseline accepts out of results, one after the other.

    Parameters
    ----------
    baseline : Baseline
    """

    def __init__(self, baseline: Baseline) -> None:
        self._entries = baseline.entries
        self._accepted = {entry.fingerprint for entry in baseline.entries}
        self._used: set[str] = set()

    def apply(self, result: CheckResult) -> CheckResult:
        """Give a result without what is accepted, which is counted in ``suppressed``."""
        prints = fingerprints(result.findings)
        known = self._accepted.intersection(prints)
        if not known:
            return result
        self._used |= known
        new = tuple(
            finding
            for finding, fingerprint in zip(result.findings, prints, strict=True)
            if fingerprint not in known
        )
        taken = len(result.findings) - len(new)
        return replace(result, findings=new, suppressed=result.suppressed + taken)

    @property
    def stale(self) -> tuple[BaselineEntry, ...]:
        """The entries that no finding so far has."""
        used = self._used
        return tuple(entry for entry in self._entries if entry.fingerprint not in used)
