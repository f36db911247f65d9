"""The lines that come first: what failed, what that blocks, what to do, at what risk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from taskgraph.model.engine import is_rolling_back
from taskgraph.model.task import Task
from taskgraph.model.vocabulary import Status
from taskgraph.reports.explaining.sentences import Place, Section, Sentence
from taskgraph.reports.results import Account

__all__ = ["first_failure", "in_brief"]

_Said: TypeAlias = dict[str, list[Sentence]]

_FAILURES = ("root-failure", "no-failed-subtask", "state-unknown")
_HANGS = "Hangs"
_STILL = frozenset({"broken", "never-finishes", "stalled"})
_NO_RETURN = (
    "never-return",
    "no-point-of-no-return",
    "no-return",
    "no-return-unknown",
    "prohibiting",
)
_ROLLBACK = (
    "dag-rollback",
    "rollback-accepted",
    "rollback-if-failed",
    "rollback-only-failed",
    "rollback-refused",
    "rollback-unknown",
)
_GO_ON = frozenset(
    {"call", "dag-pass", "dag-unknown", "dominant", "others-failed", "rollback-loses"}
    | {"likely", "likely-unknown"}
)
"""What belongs to the sentence before it, as a cause does to its failure."""


def in_brief(
    account: Account, still: Sequence[Sentence], sections: Iterable[Section]
) -> tuple[tuple[Section, ...], tuple[Section, ...]]:
    """Move what answers in short out of the sections, so that nothing is said twice.

    Parameters
    ----------
    account : Account
    still : sequence of Sentence
        What does not move any more, and what to do about it.
    sections : iterable of Section
        All that is said.

    Returns
    -------
    lines : tuple of Section
        First how it stands, which has no title; then those that have something to say.
    rest : tuple of Section
        What is left of the sections.
    """
    titles = {section.key: section.title for section in sections}
    said = {section.key: list(section.sentences) for section in sections}
    failure = _failure(said, still)
    lines = (
        Section("state", "", _moved(said["progress"], "counts")),
        failure,
        _effect(account.graph.task, said),
        _action(account, said, still, failure),
        _risk(account, said),
    )
    rest = (Section(key, titles[key], tuple(left)) for key, left in said.items())
    return (
        tuple(line for line in lines if line.sentences or not line.title),
        tuple(section for section in rest if section.sentences),
    )


def first_failure(sentences: Iterable[Sentence]) -> tuple[Sentence, ...]:
    """Choose of all that failed, or stands still, what comes first."""
    rest = list(sentences)
    failed = _moved(rest, *_FAILURES)
    return (*failed, *(sentence for sentence in rest if sentence.claim in _STILL))


def _failure(said: _Said, still: Sequence[Sentence]) -> Section:
    """Say what failed or hangs; where nothing does, what is at work or was skipped."""
    stuck = tuple(sentence for sentence in still if sentence.claim in _STILL)
    late = _moved(said["limits"], "overdue")
    if stuck:  # which names it
        _moved(said["progress"], "ready")
    if failed := _moved(said["failure"], *_FAILURES):
        return Section("failure", "Failed", (*failed, *stuck, *late))
    if stuck and stuck[0].claim == "broken":
        return Section("failure", "Broken", stuck)
    if stuck:
        return Section("failure", _HANGS, (*stuck, *late))
    progress = said["progress"]
    if working := [*_moved(progress, "at-work"), *_moved(progress, "canceling")]:
        working += _moved(said["limits"], "nearest")
        return Section("failure", _HANGS if late else "Runs", (*working, *late))
    if waiting := _moved(progress, "ready"):
        return Section("failure", "Waits", waiting)
    if skipped := _moved(progress, "skipped"):
        return Section("failure", "Skipped", (*skipped, *_moved(progress, "retried")))
    return Section("failure", "Retried", _moved(progress, "retried"))


def _effect(task: Task, said: _Said) -> Section:
    """Say what a failure holds up, and the engine holds back; or how long it all took."""
    if task.status == Status.SUCCESSFUL:
        return Section("effect", "Took", _moved(said["time"], "wall"))
    waits = _moved(said["failure"], "blocked", "held-up", "blocks-nothing")
    return Section("effect", "Blocks", (*waits, *_moved(said["failure"], "held")))


def _action(
    account: Account, said: _Said, still: Sequence[Sentence], failure: Section
) -> Section:
    """Say what moves it on, and by when it is over."""
    task, choices = account.graph.task, said["choices"]
    whole = tuple(sentence for sentence in still if sentence.claim == "whole-task")
    retry = () if is_rolling_back(task) else ("retry-accepted", "dag-retry")
    several = sum(sentence.claim.startswith("retry-") for sentence in choices) > 1
    for claims in (retry, ("skip-accepted",), ("rollback-accepted", "dag-rollback")):
        if found := _moved(choices, *claims):
            if several:
                found += _moved(choices, "held-by")
            return Section("action", "Now", (*found, *whole))
    hints = tuple(sentence for sentence in still if sentence.claim not in _STILL)
    if hints or task.status == Status.FAILED:
        found = _moved(choices, "retry-task", "retry-refused", "retry-unknown")
        return Section("action", "Now", (*hints, *found))
    if failure.title == _HANGS:
        left = _moved(said["limits"], "endless")
        return Section("action", "Now", (*_moved(choices, "cancel", "dag-cancel"), *left))
    if task.status == Status.RUNNING:
        left = _moved(said["limits"], "left", "left-unbounded", "endless")
        return Section("action", "Left", left)
    if task.status == Status.SUCCESSFUL:
        return Section("action", "Now", _moved(choices, "over"))
    takes = _moved(said["limits"], "budget", "budget-unbounded", "budget-unknown")
    return Section("action", "Takes", takes)


def _risk(account: Account, said: _Said) -> Section:
    """Say whether there is a way back."""
    places = [("limits", _NO_RETURN), ("choices", _ROLLBACK)]
    if account.graph.task.status in {Status.FAILED, Status.SUCCESSFUL}:
        places.reverse()
    found = (_moved(said[key], *claims) for key, claims in places)
    return Section("risk", "Risk", next(filter(None, found), ()))


def _moved(sentences: list[Sentence], *claims: str) -> tuple[Sentence, ...]:
    """Take out the first sentence of some kinds, with what belongs to it."""
    for place, sentence in enumerate(sentences):
        if sentence.claim in claims:
            end = place + 1
            while end < len(sentences) and _belongs(sentences[end]):
                end += 1
            taken = tuple(sentences[place:end])
            after = sentences[end : end + 1]
            if after and after[0].place is Place.GOES_ON:
                after = [replace(after[0], place=sentence.place)]
            sentences[place : end + 1] = after
            return taken
    return ()


def _belongs(sentence: Sentence) -> bool:
    return sentence.claim in _GO_ON or sentence.claim.startswith("cause-")
