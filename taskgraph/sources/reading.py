"""From what the user names to tasks: unpacked, told apart, read, and masked."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import compress
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, NamedTuple

from taskgraph.errors import InputError, Problem
from taskgraph.model.task import Id, Subtask, Task
from taskgraph.model.words import label, quoted
from taskgraph.privacy.masking import mask_error, mask_task, mask_text
from taskgraph.sources.dialects import documents_of, is_foreign, read_document
from taskgraph.sources.document import (
    NEGATIVE_TIMEOUT,
    SHARED_ID,
    DocumentText,
    ReadTasks,
    shared_name,
)
from taskgraph.sources.limits import Allowance, ReadOptions, check_values, refusal
from taskgraph.sources.lines import MARKS, Lines, is_json_lines, is_of_container
from taskgraph.sources.naming import (
    foreign_packing,
    is_compressed,
    is_definition_name,
    is_tar,
    is_zip,
)
from taskgraph.sources.opening import Source
from taskgraph.sources.parsing import decode, paused_collector, without_headers

if TYPE_CHECKING:
    from zipfile import ZipFile

_DEFAULT = ReadOptions()
_MOST_UNREAD = 50_000  # of these, which takes some seconds; what comes behind is left out
_ONLY_CHECKED = (
    "mend it first: what has mistakes of form is checked, and not answered for; "
    "taskgraph check tells what else is wrong"
)


class Reading(NamedTuple):
    """One document, read: its tasks, or why it cannot be read.

    Both where one of a list of tasks is wrong: the others are good.

    Attributes
    ----------
    faulty : tuple of Task
        Tasks with mistakes of form, as far as they could be read: not for answers, but for
        the rules, which tell of those mistakes and of what else is wrong.
    note : str
        What was done to read it, where it is not quite what it should be; it continues the
        name of the file.
    is_foreign : bool
        Whether it lies in a folder that was named, and is evidently no task: it was passed
        over.
    """

    file: str
    tasks: tuple[Task, ...] = ()
    error: InputError | None = None
    faulty: tuple[Task, ...] = ()
    note: str = ""
    is_foreign: bool = False

    @property
    def told(self) -> str:
        """The note, with the name of the file; ``""`` where there is none."""
        return f"{self.file}: {self.note}" if self.note else ""

    @property
    def untold(self) -> InputError | None:
        """The error, without what rules tell of the faulty tasks."""
        if self.error is None or not self.faulty:
            return self.error
        rest = [problem for problem in self.error.problems if not problem.rule]
        return InputError(self.file, rest, self.error.hint) if rest else None


class _Unread(NamedTuple):
    """One document of those that a file holds, not read yet."""

    file: str
    read: Callable[[], ReadTasks]
    lines: Lines | None = None
    """What is known of the lines of JSON of which it is one."""


def read_source(source: Source, options: ReadOptions = _DEFAULT) -> Iterator[Reading]:
    """Read every document of a source, one after the other.

    A source holds one document, or the lines or members of an archive; one that cannot be
    read does not stop the others.
    """
    try:
        data = source.read()
    except InputError as error:
        yield Reading(source.name, error=error)
        return
    packed = len(data) if source.depth else 0
    allowance = Allowance(
        source.name, options, packed, is_found=source.is_found, depth=source.depth
    )
    yield from _readings(data, source.name, options, allowance)


def read_bytes(
    data: bytes, file: str = "<memory>", options: ReadOptions = _DEFAULT
) -> tuple[Task, ...]:
    """Read every task of saved bytes, however they are packed and encoded.

    Parameters
    ----------
    data : bytes
        As they were saved.
    file : str
        The name for messages; it may also tell what the bytes are.
    options : ReadOptions

    Raises
    ------
    InputError
        With every problem of the first document that cannot be read or holds no task.
    """
    tasks: list[Task] = []
    for reading in _readings(data, file, options, Allowance(file, options)):
        if reading.error is not None:
            raise reading.error
        tasks += reading.tasks
    return tuple(tasks)


def _readings(
    data: bytes, file: str, options: ReadOptions, allowance: Allowance
) -> Iterator[Reading]:
    parts = _parts(data, file, allowance)
    while True:
        try:
            part = next(parts, None)
        except InputError as error:
            yield _refused(file, error, options)
            return
        if part is None:
            return
        try:
            with paused_collector():
                result = part.read()
                if part.lines is not None and part.lines.is_foreign(result):
                    continue
                read, wrong, faulty, note, is_foreign = result
                wanted, wanted_faulty = (
                    [options.task in (task.name, str(task.id)) for task in group]
                    for group in (read, faulty)
                )
                tasks, faulty = (
                    tuple(_masked(task, options) for task in group)
                    for group in (read, faulty)
                )
        except InputError as error:
            if part.lines is None or part.lines.is_told():
                yield _refused(part.file, error, options)
        else:
            wrong = wrong and _masked_error(wrong, options)
            if wrong is not None and faulty:
                named = faulty
                if options.redact and not options.redacts_apart:
                    apart = replace(options, redacts_apart=True)
                    named = tuple(_masked(task, apart) for task in faulty)
                faulty, wrong = _with_mistakes(faulty, wrong, named)
            if options.task is not None:
                tasks = tuple(compress(tasks, wanted))
                faulty = tuple(compress(faulty, wanted_faulty))
            note = _masked_note(note, options)
            yield Reading(part.file, tasks, wrong, faulty, note, is_foreign)


def _with_mistakes(
    faulty: tuple[Task, ...], wrong: InputError, named: tuple[Task, ...]
) -> tuple[tuple[Task, ...], InputError]:
    """Give each task the mistakes in it, and the first one those around all of them.

    And the error for whoever needs an answer, in the words of the findings and with the
    names that may be told.
    """
    places: dict[str, tuple[int, Subtask | None]] = {}
    for place, task in reversed([*enumerate(named)]):
        places[task.origin.pointer] = (place, None)
        for position, subtask in enumerate(task.subtasks):
            places[task.origin.subtask_pointer(position)] = (place, subtask)
    mistakes: list[list[Problem]] = [[] for _ in faulty]
    ids: dict[int, Counter[Id]] = {}
    told = []
    for problem in wrong.problems:
        above = problem.pointer or ""
        while above not in places and above:
            above = above.rpartition("/")[0]
        place, owner = places.get(above, (0, None))
        if problem.rule:
            mistakes[place].append(problem)
        about, message = "", problem.message
        if owner is not None and problem.rule == SHARED_ID:
            if place not in ids:
                ids[place] = Counter(_sure_ids(named[place]))
            message, _ = shared_name(ids[place][owner.id], quoted(owner.name))
        elif owner is not None:
            about = label(owner) + ("" if problem.rule == NEGATIVE_TIMEOUT else ":")
        message = " ".join(filter(None, [problem.rule, about, message]))
        told.append(replace(problem, message=message))
    with_them = tuple(
        replace(task, origin=replace(origin, mistakes=(*origin.mistakes, *own)))
        for task, own in zip(faulty, mistakes, strict=True)
        for origin in [task.origin]
    )
    return with_them, InputError(wrong.file, told, _ONLY_CHECKED)


def _sure_ids(task: Task) -> Iterator[Id]:
    """Give the ids of a definition that are its subtasks' own for certain."""
    unsure = {at for at, name in task.origin.unread if name in {"id", "name"}}
    return (one.id for at, one in enumerate(task.subtasks) if at not in unsure)


def _refused(file: str, error: InputError, options: ReadOptions) -> Reading:
    return Reading(file, error=_alone(_masked_error(_alone(error), options)))


def _alone(error: InputError) -> InputError:
    """Take an error out of the calls that led to it, which hold the whole document."""
    error.__cause__ = error.__context__ = error.__traceback__ = None
    return error


def _masked(task: Task, options: ReadOptions) -> Task:
    """Mask what must not be shown: the one place for it."""
    if not (options.redact and options.redacts_apart):
        return mask_task(task)
    from taskgraph.privacy.redaction import redact_task

    return redact_task(task)


def _masked_note(note: str, options: ReadOptions) -> str:
    masked = mask_text(note)
    if not options.redact:
        return masked
    from taskgraph.privacy.redaction import redact_text

    return redact_text(masked)


def _masked_error(error: InputError, options: ReadOptions) -> InputError:
    masked = mask_error(error)
    if not options.redact:
        return masked
    from taskgraph.privacy.redaction import redact_error

    return redact_error(masked)


def _parts(data: bytes, file: str, allowance: Allowance) -> Iterator[_Unread]:
    """Take a file apart into documents."""
    if is_zip(data):
        allowance.enter()
        yield from _zip_parts(data, file, allowance)
        allowance.leave()
    elif is_compressed(data):
        allowance.enter()
        yield from _compressed_parts(data, file, allowance)
        allowance.leave()
    elif is_tar(data, file):
        allowance.enter()
        yield from _tar_parts(io.BytesIO(data), file, allowance)
        allowance.leave()
    elif kind := foreign_packing(data):
        hint = "unpack it first" if "archive" in kind else "save the response as text"
        raise refusal(file, f"is {kind}, which is not read", hint)
    elif is_compressed(body := without_headers(data)):
        yield from _parts(body, file, allowance)
    else:
        allowance.check_size(data, file)
        yield from _text_parts(decode(data, file), file, allowance)


def _compressed_parts(data: bytes, file: str, allowance: Allowance) -> Iterator[_Unread]:
    """Take a compressed file apart; a tar archive in it may be larger than a document."""
    from taskgraph.sources.unpacking import decompress, open_compressed, start_of

    if is_tar(start_of(data, file), file):
        stream = open_compressed(io.BytesIO(data), file)
        yield from _tar_parts(stream, file, allowance)
    else:
        yield from _parts(decompress(data, file, allowance), file, allowance)


def _tar_parts(stream: IO[bytes], file: str, allowance: Allowance) -> Iterator[_Unread]:
    from taskgraph.sources.unpacking import Diagnoses, open_zip, read_tar

    diagnoses = Diagnoses()
    is_alone = True
    for member in read_tar(stream, file, allowance, diagnoses):
        is_alone = False
        yield from _member_parts([member], allowance)
    if packed := diagnoses.packed():
        yield from _diagnosis_parts(open_zip(packed, file), file, allowance, is_alone)


def _zip_parts(data: bytes, file: str, allowance: Allowance) -> Iterator[_Unread]:
    from taskgraph.sources.unpacking import (
        document_members,
        find_task_infos,
        no_documents,
        open_zip,
        read_members,
    )

    archive = open_zip(data, file)
    documents = document_members(archive, allowance.options)
    if not documents and not find_task_infos(archive):
        raise no_documents(len(archive.infolist()), file)
    yield from _diagnosis_parts(archive, file, allowance, not documents)
    yield from _member_parts(read_members(archive, documents, file, allowance), allowance)


def _diagnosis_parts(
    archive: ZipFile, file: str, allowance: Allowance, is_alone: bool
) -> Iterator[_Unread]:
    """Give the diagnoses in an archive, in which there may be nothing else."""
    from taskgraph.sources.diagnosis import read_diagnosis
    from taskgraph.sources.unpacking import find_task_infos, numbered

    listings = find_task_infos(archive)
    seen: Counter[str] = Counter()
    for listing in listings:
        is_whole = is_alone and len(listings) == 1
        member = numbered(listing.filename, seen)
        name = file if is_whole else f"{file}!{member}"
        read = partial(read_diagnosis, archive, listing, file, allowance, member)
        yield _Unread(name, read)


def _member_parts(
    members: Iterable[tuple[str, bytes | InputError]], allowance: Allowance
) -> Iterator[_Unread]:
    """Take the members of an archive apart; a bad one does not stop the others."""
    for name, content in members:
        try:
            if isinstance(content, InputError):
                raise content
            yield from _parts(content, name, allowance)
        except InputError as error:
            if allowance.is_spent:
                raise
            yield _Unread(name, partial(_raise, _alone(error)))


def _raise(error: InputError) -> ReadTasks:
    raise error


def _text_parts(data: bytes, file: str, allowance: Allowance) -> Iterator[_Unread]:
    is_found = allowance.is_found
    read = partial(_read, was_packed=allowance.depth > 0, is_found=is_found)
    if not is_json_lines(data, file):
        for document in documents_of(DocumentText(file, data)):
            yield _Unread(file, partial(read, document))
        return
    if is_of_container(data):
        what = "is the log of a container, a line of text in each of its lines"
        hint = f"take the text out: jq -rj .log {_for_shell(file)} > mended.json"
        yield _Unread(file, partial(_raise, refusal(file, what, hint)))
        return
    is_blank = True
    lines, end = Lines(file, is_found=is_found), 0
    for number, line in enumerate(io.BytesIO(data), 1):
        if text := line.rstrip():
            is_blank = False
            if lines.passes(text):
                continue
            if lines.unread == _MOST_UNREAD:
                end = number
                break
            document = DocumentText(file, text, number)
            yield _Unread(file, partial(read, document), lines)
    if lines.untold:
        yield _Unread(file, partial(_raise, lines.more_unread(end)))
    if lines.foreign:
        yield _Unread(file, lines.without_tasks)
    if is_blank:
        yield _Unread(file, partial(read, DocumentText(file, b"")))


def _read(document: DocumentText, *, was_packed: bool, is_found: bool) -> ReadTasks:
    check_values(document.data, document.file, was_packed=was_packed)
    if is_found and not MARKS.search(document.data) and is_foreign(document):
        return ReadTasks([], is_foreign=True)
    try:
        return read_document(document)
    except InputError as error:
        from taskgraph.sources.pastes import recognise

        paste = None if is_definition_name(document.file) else recognise(document)
        if paste is None:
            if is_found and is_foreign(document):
                return ReadTasks([], is_foreign=True)
            raise
        if paste.document is None:
            problem = Problem(paste.what, None, *(paste.place or (None, None)))
            hint = paste.hint.replace("FILE", _for_shell(document.file))
            if PurePath(document.file).name == "task.json":  # which the shell would empty
                hint = hint.replace("> task.json", "> mended.json")
            raise document.error([problem], hint) from error
        return read_document(paste.document)._replace(note=paste.what)


def _for_shell(file: str) -> str:
    """Write the name of a file for a command; ``FILE`` where it is none, or a member."""
    from shlex import quote

    return "FILE" if file.startswith("<") or "!" in file else quote(file)
