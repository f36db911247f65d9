"""JSON Lines: which files are, and which of their very many lines are looked into."""

from __future__ import annotations

import re

from taskgraph.errors import InputError
from taskgraph.model.words import counted
from taskgraph.sources.dialects import is_foreign
from taskgraph.sources.document import DocumentText, ReadTasks
from taskgraph.sources.limits import refusal
from taskgraph.sources.naming import has_lines_name

_CLOSING = {b"{": b"}", b"[": b"]"}
"""How a line ends that is a whole object or list, by how it begins."""
MARKS = re.compile(rb"tasks|nodes|dag_id|base64|\\")
"""What holds a task in JSON has one of these: a key of it, or what may hide such a key."""
_FIRST_LINES = 20  # a head of notes or headers may come before the first value
_MOST_TOLD = 20  # lines of one file that cannot be read; the others are counted


def is_json_lines(data: bytes, file: str) -> bool:
    """Tell JSON Lines by the file's name, or by two whole values among the first lines.

    A whole value begins its line and ends it. What is indented does not begin there, and
    what is one of several in a list does not end there, apart from the last.
    """
    if has_lines_name(file):
        return True
    whole = position = 0
    for _ in range(_FIRST_LINES):
        end = data.find(b"\n", position)
        stop = end if end >= 0 else len(data)
        closing = _CLOSING.get(data[position : position + 1])
        tail = data[max(position + 2, stop - 100) : stop].rstrip()  # no copy of the line
        whole += closing is not None and tail.endswith(closing)
        if end < 0 or whole == 2:
            break
        position = end + 1
    return whole == 2


def is_of_container(data: bytes) -> bool:
    """Tell the log of a container by its first line, if that holds not all of a task."""
    logged = re.match(rb'\s*\{"log": ?"([^"\\]*+(?:\\.[^"\\]*+)*+)", ?"stream":', data)
    return logged is not None and not logged[1].endswith((b"}", b"}\\n"))


class Lines:
    """What is known so far of the lines of a file."""

    def __init__(self, file: str, *, is_found: bool) -> None:
        self.file = file
        self.is_found = is_found
        self.bare = self.unread = self.foreign = self.more = 0
        self.has_tasks = False

    def passes(self, text: bytes) -> bool:
        """Tell of a line, after many without a task, whether a look is enough; count it."""
        is_json = text[:1] in _CLOSING
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
