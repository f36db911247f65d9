"""All that is said of a task, section by section."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from taskgraph.graph import TaskGraph
from taskgraph.reports.explaining.choices import choices
from taskgraph.reports.explaining.failing import failing
from taskgraph.reports.explaining.identity import identity
from taskgraph.reports.explaining.limits import limits
from taskgraph.reports.explaining.sentences import Place, Sentence
from taskgraph.reports.explaining.standing import standing
from taskgraph.reports.explaining.timing import timing
from taskgraph.reports.explaining.trust import trust
from taskgraph.reports.explaining.verdict import verdict
from taskgraph.reports.results import Account

__all__ = ["Block", "Explanation", "Section", "explain"]

_Writer: TypeAlias = Callable[[Account], Iterator[Sentence]]

_SECTIONS: Final[tuple[tuple[str, str, _Writer], ...]] = (
    ("identity", "What it is", identity),
    ("progress", "How far it is", standing),
    ("failure", "What failed", failing),
    ("time", "Where the time went", timing),
    ("choices", "What may be done now", choices),
    ("limits", "How long it can take", limits),
    ("trust", "What not to trust", trust),
)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, an item of a list, or lines of a log.

    Attributes
    ----------
    place : Place
        ``PARAGRAPH``, ``ITEM`` or ``LOG``.
    sentences : tuple of Sentence
    """

    place: Place
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """What is said about one question.

    Attributes
    ----------
    key : str
        For programs.
    title : str
    sentences : tuple of Sentence
    """

    key: str
    title: str
    sentences: tuple[Sentence, ...]

    def blocks(self) -> Iterator[Block]:
        """Give the sentences as they belong together on a page."""
        place, collected = Place.PARAGRAPH, list[Sentence]()
        for sentence in self.sentences:
            begins = sentence.place is not Place.GOES_ON
            goes_on = sentence.place is place is Place.LOG
            if begins and not goes_on:
                if collected:
                    yield Block(place, tuple(collected))
                place, collected = sentence.place, []
            collected.append(sentence)
        yield Block(place, tuple(collected))


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a task is, what happened to it, and what may be done.

    Attributes
    ----------
    graph : TaskGraph
    verdict : tuple of Sentence
        The answer in short.
    sections : tuple of Section
        Those that have something to say.
    """

    graph: TaskGraph
    verdict: tuple[Sentence, ...]
    sections: tuple[Section, ...]

    def sentences(self) -> Iterator[Sentence]:
        """Give every sentence in order."""
        yield from self.verdict
        for section in self.sections:
            yield from section.sentences


def explain(account: Account) -> Explanation:
    """Explain a task in sentences.

    Parameters
    ----------
    account : Account

    Returns
    -------
    Explanation
        The same for the same task, whatever the order in the document.
    """
    written = (
        Section(key, title, tuple(write(account))) for key, title, write in _SECTIONS
    )
    return Explanation(
        graph=account.graph,
        verdict=tuple(verdict(account)),
        sections=tuple(section for section in written if section.sentences),
    )
