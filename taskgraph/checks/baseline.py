"""Findings that are known and accepted: they are told apart from new ones.

A finding is recognised by its fingerprint: the rule, and the task and the subtasks by name.
Ids, which change from run to run, and the order of the subtasks have no part in it; neither
has the file, so that the next response of the same kind of task is recognised too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal, NotRequired, cast

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from taskgraph.checks.result import AcceptedEntry, CheckResult, Finding
from taskgraph.model.declaration import Declaration, FirstVersion


@with_config(ConfigDict(strict=True, extra="ignore"))
class AcceptedFinding(TypedDict):
    """A finding that is accepted; all but the fingerprint is for people."""

    fingerprint: Annotated[
        str, Field(description="As --format json gives it: of the rule and the names.")
    ]
    code: NotRequired[Annotated[str, Field(description="The code of the rule.")]]
    name: NotRequired[Annotated[str, Field(description="The name of the rule.")]]
    task: NotRequired[Annotated[str | None, Field(description="The name of the task.")]]
    subtasks: NotRequired[
        Annotated[list[str], Field(description="The names of the subtasks, sorted.")]
    ]


@with_config(ConfigDict(strict=True, extra="ignore"))
class BaselineContent(TypedDict):
    """What a baseline holds; other keys are left alone, for notes of people."""

    format: Literal["taskgraph/baseline"]
    version: FirstVersion
    findings: list[AcceptedFinding]


BASELINE: Final[Declaration[BaselineContent]] = Declaration(
    "baseline",
    BaselineContent,
    "The accepted findings, as --write-baseline writes and --baseline reads them",
)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted findings."""

    entries: tuple[AcceptedEntry, ...] = ()


def fingerprints(findings: Sequence[Finding]) -> tuple[str, ...]:
    """Give the fingerprint of each finding of one task, 32 hexadecimal digits.

    These are all findings of the task: where several are alike, each further one has a
    fingerprint of its own, so that one more of them is new.
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
    """Write the findings of a run as the baseline of the next ones, each once, sorted."""
    entries: set[AcceptedEntry] = set()
    for result in results:
        prints = fingerprints(result.findings)
        entries |= {
            AcceptedEntry(
                fingerprint,
                finding.code,
                finding.name,
                finding.task_name and _whole(finding.task_name),
                tuple(sorted(map(_whole, finding.subtask_names))),
            )
            for finding, fingerprint in zip(result.findings, prints, strict=True)
        }
    ordered = sorted(
        entries, key=lambda entry: (entry.code, entry.task or "", entry.subtasks, entry)
    )
    content: BaselineContent = {
        "format": "taskgraph/baseline",
        "version": 1,
        "findings": [
            cast("AcceptedFinding", entry._asdict() | {"subtasks": list(entry.subtasks)})
            for entry in ordered
        ],
    }
    return json.dumps(BASELINE.checked(content), indent=2) + "\n"


def _whole(name: str) -> str:
    """Give a name without halves of pairs, which no strict reader of JSON takes."""
    return name.encode("utf-8", "replace").decode()


def parse_baseline(text: str, file: str) -> Baseline:
    """Read a baseline.

    Raises ConfigError if the text is none, or one of a later version. It tells everything
    that is wrong, the places, and the name of the file.
    """
    from taskgraph.sources.validating import read_file

    content = read_file(BaselineContent, text, file, "--write-baseline writes one")
    return Baseline(tuple(map(_entry, content["findings"])))


def _entry(row: AcceptedFinding) -> AcceptedEntry:
    return AcceptedEntry(
        fingerprint=row["fingerprint"],
        code=row.get("code", "?"),
        name=row.get("name", "?"),
        task=row.get("task"),
        subtasks=tuple(row.get("subtasks", ())),
    )


class Acceptance:
    """Takes the findings that a baseline accepts out of results, one after the other."""

    def __init__(self, baseline: Baseline) -> None:
        self._entries = baseline.entries
        self._accepted = {entry.fingerprint for entry in baseline.entries}
        self._used: set[str] = set()
        self._looked: dict[str, frozenset[str]] = {}

    def apply(self, result: CheckResult) -> CheckResult:
        """Give a result without what is accepted, which is counted in ``suppressed``."""
        name = _whole(result.task_name)
        self._looked[name] = self._looked.get(name, result.looked) & result.looked
        self._used |= self._accepted.intersection(result.hidden)
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
        return result._replace(findings=new, suppressed=result.suppressed + taken)

    @property
    def stale(self) -> tuple[AcceptedEntry, ...]:
        """The entries that no finding so far has, though it was looked for.

        Their rule has looked at every task so far that has the name of theirs, of which
        there is one at least. Of what is about a document nobody knows where to look.
        """
        return tuple(
            entry
            for entry in self._entries
            if entry.fingerprint not in self._used
            and entry.task is not None
            and entry.code in self._looked.get(entry.task, ())
        )
