"""Simulated documents through the tool's own reading and checking."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple, TypeAlias

from taskgraph.checks import CheckOptions, Finding, Severity, run_checks
from taskgraph.graph import build_graph
from taskgraph.sources import read_bytes
from tests.engine.engine import simulate
from tests.engine.oracle import Deserved, deserved
from tests.engine.photo import Photo

__all__ = ["DIALECTS", "PhotoTrial", "check_document", "try_photo"]

Json: TypeAlias = dict[str, Any]
DIALECTS: dict[str, Callable[[Photo, Random], Json]] = {
    "ocp 2021": Photo.as_ocp_2021,
    "ocp 2025": Photo.as_ocp_2025,
    "details": Photo.as_details,
    "contents": Photo.as_contents,
    "list": Photo.as_list,
}


class PhotoTrial(NamedTuple):
    """One photograph, checked.

    Attributes
    ----------
    false_alarms : list of Finding
        Errors and warnings that the state does not deserve.
    found, silent : set of str
        The codes of the deserved rules that fired, and of those that did not.
    """

    seed: int
    dialect: str
    document: Json
    photo: Photo
    false_alarms: list[Finding]
    found: set[str]
    silent: set[str]


def check_document(document: Json, options: CheckOptions | None = None) -> list[Finding]:
    """Read a document with one task and check it."""
    data = json.dumps(document, ensure_ascii=False).encode()
    (task,) = read_bytes(data)
    return list(run_checks(build_graph(task), options or CheckOptions()).findings)


def try_photo(seed: int) -> PhotoTrial:
    """Simulate a history, photograph it once in one dialect, and check the document."""
    history = simulate(seed)
    rng = Random(f"photo {seed}")
    photo = history.random_photo(rng)
    dialect = rng.choice(list(DIALECTS))
    document = DIALECTS[dialect](photo, rng)
    right = deserved(photo)
    loud = [
        finding
        for finding in check_document(document)
        if finding.severity >= Severity.WARNING
    ]
    false_alarms = [finding for finding in loud if not _is_right(finding, photo, right)]
    codes = {finding.code for finding in loud}
    return PhotoTrial(
        seed=seed,
        dialect=dialect,
        document=document,
        photo=photo,
        false_alarms=false_alarms,
        found=codes & right.keys(),
        silent=right.keys() - codes,
    )


def _is_right(finding: Finding, photo: Photo, right: Deserved) -> bool:
    """Whether a finding is deserved, and about steps that deserve it."""
    if finding.code not in right:
        return False
    ids = {str(photo.plan.ids[index]) for index in right[finding.code]}
    return {str(identifier) for identifier in finding.subtasks} <= ids
