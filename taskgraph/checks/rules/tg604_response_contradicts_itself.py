"""The response says that it succeeded and that it failed.

What it does
------------
Compares what the envelope of a response says: `successful`, the HTTP `status`, `error`
and whether `data` holds a task. One finding for the whole document.

Why it is bad
-------------
A request that failed has no task to tell of. So the document was edited, or something
between the server and the file went wrong, and the task may not be what was asked for.

Example
-------
`"successful": false` beside `"data"` with a task.

What to do
----------
Ask again and save the response as it comes.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import ENVELOPE, Fault, Rule, Subject
from taskgraph.model.task import Envelope
from taskgraph.model.words import listed, shorten


def check(subject: Subject) -> Iterator[Fault]:
    """Report an envelope that does not agree with itself."""
    envelope = subject.task.envelope
    assert envelope is not None  # the rule needs it
    good, bad = _claims(envelope)
    if bad:
        yield Fault(
            f"the response contradicts itself: {listed(good)}, but {listed(bad)}",
            "ask again and save the response as it comes",
            pointer="",
            of_document=True,
        )


def _claims(envelope: Envelope) -> tuple[list[str], list[str]]:
    """Give what speaks for a success and what for a failure."""
    good: list[str] = []
    bad: list[str] = []
    if envelope.successful is not None:
        (good if envelope.successful else bad).append(
            f"successful is {str(envelope.successful).lower()}"
        )
    if envelope.status is not None:
        (good if 200 <= envelope.status < 300 else bad).append(
            f"status is {envelope.status}"
        )
    if envelope.error is not None:
        parts = (envelope.error.code, envelope.error.message)
        said = " ".join(str(part) for part in parts if part is not None)
        bad.append(f"it has the error {shorten(said)!r}" if said else "it has an error")
    good.append("data holds a task")
    return good, bad


RULE = Rule(check, "warning", ENVELOPE)
