"""A time is not written as ISO 8601 has it.

What it does
------------
Finds documents with times that end in a small ``z`` or in the name of a zone in brackets,
as Java writes it, or that are blank. One finding for each document, with up to three of
them.

Why it is bad
-------------
They are read all the same: the offset counts, the name of the zone does not, and a blank is
no time. Other programs may refuse them.

Example
-------
`"startTime": "2025-03-04T09:30:00+08:00[Asia/Shanghai]"`.

What to do
----------
Write `2025-03-04T09:30:00+08:00`, and leave the key out where there is no time.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault, Rule, Subject
from taskgraph.model.words import listed, shorten, visible


def check(subject: Subject) -> Iterator[Fault]:
    """Report that a document has such times."""
    times = subject.task.unusual_times
    if times:
        shown = listed([f"'{visible(shorten(text))}'" for text in times])
        yield Fault(
            f"times are written in an unusual way, for example {shown}",
            "write them as 2025-03-04T09:30:00+08:00, and leave out what is blank",
            of_document=True,
        )


RULE = Rule(check, "info")
