"""Findings that are known and accepted: they are told apart from new ones.

A finding is recognised by its fingerprint: the rule, and the task and the subtasks by name.
Ids, which change from run to run, and the order of the subtasks have no part in it; neither
has the file, so that the next response of the same kind of task is recognised too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Final, Literal, NotRequired, cast

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from taskgraph.checks.result import AcceptedEntry, CheckResult, Finding
from taskgraph.model.declaration import Declaration, FirstVersion
from taskgraph.model.task import Id


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
    redacted: NotRequired[
        Annotated[
            bool, Field(description="Whether names are those of a run with --redact.")
        ]
    ]


BASELINE: Final[Declaration[BaselineContent]] = Declaration(
    "baseline",
    BaselineContent,
    "The accepted findings, as --write-baseline writes and --baseline reads them",
)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted findings, and whether these were found where names are redacted."""

    entries: tuple[AcceptedEntry, ...] = ()
    is_redacted: bool = False


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


def with_other_names(
    result: CheckResult, other: CheckResult, ids: Mapping[Id, Id]
) -> CheckResult:
    """Let the findings of a task be known by those of it under other names too.

    One of the two is redacted. A hash of a name that is redacted would tell it to whoever
    tries all addresses, and so is not for what is written, but only to compare.

    Parameters
    ----------
    result, other : CheckResult
    ids : mapping of id to id
        The ids of the subtasks of `result`, by those of `other`.
    """
    known: dict[object, list[tuple[str, str]]] = {}
    for findings in (other.findings, other.if_repeated):
        for finding, fingerprint in zip(findings, fingerprints(findings), strict=True):
            about = frozenset(map(ids.__getitem__, finding.subtasks))
            known.setdefault((finding.code, about), []).append(
                (finding.pointer, fingerprint)
            )
    for alike in known.values():
        alike.sort(reverse=True)

    def named(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        new = list(findings)
        for place in sorted(range(len(new)), key=lambda place: new[place].pointer):
            finding = new[place]
            alike = known.get((finding.code, frozenset(finding.subtasks)))
            if alike:
                new[place] = finding._replace(known_as=alike.pop()[1])
        return tuple(new)

    # of entries with names that nobody has here, it can neither be told that they are gone
    return result._replace(
        findings=named(result.findings),
        if_repeated=named(result.if_repeated),
        looked=frozenset(),
    )


def render_baseline(results: Iterable[CheckResult], *, redacted: bool = False) -> str:
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
    if redacted:
        content["redacted"] = True
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
    entries = tuple(map(_entry, content["findings"]))
    return Baseline(entries, content.get("redacted", False))


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
        others = [finding.known_as for finding in result.findings]
        known = self._accepted.intersection(chain(prints, others))
        self._used |= known
        if not known and not any(others):
            return result
        new = tuple(
            finding._replace(known_as="")
            for finding, *names in zip(result.findings, prints, others, strict=True)
            if known.isdisjoint(names)
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
