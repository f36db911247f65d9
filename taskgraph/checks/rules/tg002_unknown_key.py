"""A definition has a key that definitions do not have.

What it does
------------
Finds every key that is not one of a definition, and names the one that was probably meant.
Keys of your own begin with `x-`. The other spellings of the API's tables (`upstream`) are
read, and told as a warning. A response keeps keys that are not known.

Why it is bad
-------------
What stands there is not read: a misspelt `timeout` leaves the subtask without a limit.

Example
-------
`depends_on: [Stop OBServer]`

What to do
----------
Write the key that the hint names, `upstreams: [Stop OBServer]`, or begin it with `x-`.
"""

from __future__ import annotations

from collections.abc import Iterator

from taskgraph.checks.rule import Fault, Rule, Subject, mistakes


def check(subject: Subject) -> Iterator[Fault]:
    """Report each key that means nothing, and each that is spelled in another way."""
    return mistakes(subject, "TG002")


RULE = Rule(check, "error")
