"""The lines of a file in JSON Lines: which of very many are looked into, and told of."""

from __future__ import annotations

import re

from taskgraph.errors import InputError
from taskgraph.model.words import counted
from taskgraph.sources.dialects import is_foreign
from taskgraph.sources.document import DocumentText, ReadTasks
from taskgraph.sources.limits import refusal

CLOSING = {b"{": b"}", b"[": b"]"}
"""How a line ends that is a whole object or list, by how it begins."""
MARKS = re.compile(rb"tasks|nodes|dag_id|base64|\\")
"""What holds a task in JSON has one of these: a key of it, or what may hide such a key."""
_MOST_TOLD = 20  # lines of one file that cannot be read; the others are counted


class Lines:
    """What is known so far of the lines of a file."""

    def __init__(self, file: str, *, is_found: bool) -> None:
        self.file = file
        self.is_found = is_found
        self.bare = self.unread = self.foreign = self.more = 0
        self.has_tasks = False

    def passes(self, text: bytes) -> bool:
        """Tell of a line, after many without a task, whether a look is enough; count it."""
        is_json = text[:1] in CLOSING
        if is_json and MARKS.search(text):
            return False
        self.bare += 1
        if self.bare <= _MOST_TOLD:
            return False
        if self.is_found and is_json and is_foreign(DocumentText(self.file, text)):
            self.foreign += 1
        else:
            self.more += 1
        return True

    def is_foreign(self, read: ReadTasks) -> bool:
        """Count a line that is read; tell whether it is something else than a task."""
        self.foreign += read.is_foreign
        self.has_tasks |= bool(read.tasks or read.faulty)
        return read.is_foreign

    def without_tasks(self) -> ReadTasks:
        """Tell of all lines that were passed over in one go."""
        if not self.has_tasks:
            return ReadTasks([], is_foreign=True)
        lines = counted(self.foreign, "line")
        return ReadTasks([], note=f"passed over {lines}, for there is no task there")

    def is_told(self) -> bool:
        """Count one that cannot be read; tell whether to say what is wrong with it."""
        self.unread += 1
        return self.unread <= _MOST_TOLD

    @property
    def untold(self) -> int:
        """How many cannot be read, without those of which it is told why."""
        return self.more + max(0, self.unread - _MOST_TOLD)

    def more_unread(self, end: int = 0) -> InputError:
        """Say how many lines are left out of what is told."""
        what = f"{self.untold:,} more lines cannot be read"
        what += f", and from line {end:,} on none was looked at" if end else ""
        hint = "mend what is named above, or save the file again"
        return refusal(self.file, what, hint)
