"""A value of a definition is of the wrong type or form.

What it does
------------
Finds every value that is not what its key needs: a duration that cannot be read, a text
where a list must be, a word where `true` or `false` must be; of the items of a list the
first. Where it is plain what was meant, that is what the other rules judge; else they leave
the value out.

Why it is bad
-------------
It cannot be told what was meant, so no other command takes such a definition.

Example
-------
`timeout: 40 minutes`

What to do
----------
Write the value as the hint says: `timeout: 40m`.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault, Rule, Subject, mistakes


def check(subject: Subject) -> Iterator[Fault]:
    """Report each wrong value."""
    return mistakes(subject, "TG001")


RULE = Rule(check, "error")
