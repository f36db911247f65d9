"""An interrupt ends the command with 130 and in one line, whenever it comes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.uncovered,
    pytest.mark.skipif(os.name == "nt", reason="has no such signals"),
]
_HANDLED = 3  # modules after the one of signals: from here on it is not Python's own
_DONE = (0, 1, 130)


def interrupted(
    arguments: list[str], folder: Path, imports: int, delay: float
) -> tuple[int, str]:
    """Run a command; interrupt it and its processes so many imports and seconds later.

    The exit code is as a shell tells it: at its very end the interpreter has no handlers
    any more, and the signal ends it.
    """
    command = [sys.executable, "-X", "importtime", "-m", "taskgraph", *arguments]
    said: list[str] = []
    count = -1
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"TMPDIR": str(folder)},
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if not line.startswith("import time:"):
                said.append(line)
            elif count >= 0 or line.endswith("| signal\n"):
                count += 1
                if count == imports:
                    time.sleep(delay)
                    os.killpg(process.pid, signal.SIGINT)
    code = process.returncode
    return 128 - code if code < 0 else code, "".join(said)


@pytest.mark.parametrize("imports", [_HANDLED, 10, 20, 40, 60])
def test_while_it_starts(imports: int, samples: Path, tmp_path: Path) -> None:
    arguments = ["check", str(samples)]
    code, said = interrupted(arguments, tmp_path, imports, 0)
    assert (code, said) == (130, "\ntaskgraph: interrupted\n")


@pytest.mark.parametrize("delay", [0.1, 0.25, 0.5, 0.75, 1])
@pytest.mark.parametrize("command", ["check", "report", "collect"])
def test_at_work(command: str, delay: float, samples: Path, tmp_path: Path) -> None:
    folder, output = tmp_path / "temporary", tmp_path / "out"
    for made in (folder, output):
        made.mkdir()
    arguments = {
        "check": ["check", str(samples), "-j2"],
        "report": ["report", str(samples), "-o", f"{output}/page.html"],
        "collect": ["history", "collect", str(samples), "-o", f"{output}/runs", "-j2"],
    }
    code, said = interrupted(arguments[command], folder, _HANDLED, delay)
    assert code in (*_DONE, 2)  # collect could not read every sample
    assert "Traceback" not in said
    assert not list(folder.iterdir())
    assert not list(output.glob(".taskgraph-*"))


def test_what_is_deaf_to_interrupts_goes_on_with_all_its_processes(samples: Path) -> None:
    """As what a shell starts in the background is."""
    program = """
import signal, sys
from taskgraph.__main__ import main

signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.argv = ["taskgraph", "check", *sys.argv[1:], "-j2"]
main()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, *[str(samples)] * 20],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        for _ in range(8):
            time.sleep(0.25)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode in (1, 2), said


def ended(command: list[str]) -> tuple[int, str]:
    """Run a program until it and all its processes have ended, as their output does."""
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            _, said = process.communicate(timeout=30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, said


_INTERRUPT_ON_THE_WAY = """
import multiprocessing, os, signal, sys
from multiprocessing.connection import Connection
import taskgraph.__main__

multiprocessing.set_start_method("fork")
parent, send = os.getpid(), Connection._send

def halfway(self, data, *how):
    if os.getpid() != parent and len(data) > 100_000:
        sent = os.write(self.fileno(), data[:1000])
        os.killpg(0, signal.SIGINT)
        data = data[sent:]
    send(self, data, *how)

Connection._send = halfway
taskgraph.__main__.main()
"""


def test_while_a_process_hands_over_what_it_found(tmp_path: Path) -> None:
    """Nobody waits for the rest for ever."""
    subtasks = [{"id": n, "name": "a" * 500, "upstreams": [-n]} for n in range(1, 50)]
    for n in range(40):  # the first of them are checked before there are processes
        text = json.dumps({"id": n, "subtasks": subtasks})
        (tmp_path / f"{n}.json").write_text(text, "utf-8")
    command = [sys.executable, "-c", _INTERRUPT_ON_THE_WAY, "check", str(tmp_path), "-j2"]
    assert ended(command) == (130, "\ntaskgraph: interrupted\n")


_KILLED = """
import multiprocessing, os, signal, sys, threading, time
import taskgraph.__main__
from taskgraph.api import checking

multiprocessing.set_start_method("fork")
parent, check, who = os.getpid(), checking._check_chunk, sys.argv.pop()

def for_ever(*arguments):
    if os.getpid() != parent:
        killed = parent if who == "command" else os.getpid()
        threading.Timer(0.5, os.kill, (killed, signal.SIGKILL)).start()
        time.sleep(600)
    return check(*arguments)

checking._check_chunk = for_ever
taskgraph.__main__.main()
"""


@pytest.mark.parametrize(
    ("killed", "code", "message"),
    [
        ("command", -signal.SIGKILL, ""),
        ("process", 2, "a process that checked some of the documents has died"),
    ],
)
def test_when_the_command_or_a_process_of_it_is_killed(
    killed: str, code: int, message: str, samples: Path
) -> None:
    command = [sys.executable, "-c", _KILLED, "check", str(samples), "-j2", killed]
    returned, said = ended(command)
    assert returned == code
    assert message in said
    assert (len(said.splitlines()), "Traceback" in said) == (2 * bool(message), False)


def test_in_a_callback_which_cannot_raise() -> None:
    """It comes again, and wakes what sleeps meanwhile."""
    program = """
import signal, time, weakref
import taskgraph.__main__, taskgraph.cli.main

def run():
    kept = [set()]
    mark = weakref.ref(kept[0], lambda _: signal.raise_signal(signal.SIGINT))
    kept.clear()
    time.sleep(60)

taskgraph.cli.main.cli.main = lambda *_, **__: run()
taskgraph.__main__.main()
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (130, "\ntaskgraph: interrupted\n")


_ASK_FOR_LONG = """
import os, signal, sys, threading
from pathlib import Path
from taskgraph.history.database import Limits, open_database
from taskgraph.history.store import RunStore

with open_database(Limits(), RunStore(Path(sys.argv[1]))) as connection:
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        connection.execute("SELECT sum(sqrt(a.range)) FROM range(1000000) a, range(400)")
    finally:
        print("asked")
"""


def test_in_the_middle_of_a_question_to_the_database(tmp_path: Path) -> None:
    """The database tells of it in its own way, which was told as a fault of ours."""
    command = [sys.executable, "-c", _ASK_FOR_LONG, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "asked\n"
    assert done.stderr.endswith("KeyboardInterrupt\n")


_MAKE_A_CLASS = """
import signal, sys
from taskgraph import __main__
from taskgraph.cli import main

class Interrupted:
    def __set_name__(self, owner, name):
        signal.raise_signal(signal.SIGINT)

main.cli.invoke = lambda context: type("Made", (), {"name": Interrupted()})
sys.argv = ["taskgraph", "rules"]
__main__.main()
"""


def test_while_a_class_is_made() -> None:
    """Python up to 3.11 makes another error of it, which was told as a fault of ours."""
    command = [sys.executable, "-c", _MAKE_A_CLASS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "taskgraph: interrupted\n")


_LOSE_IT = """
import contextlib, signal, sys
from taskgraph import __main__
from taskgraph.cli import main

def lose_it():
    with contextlib.suppress(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    sys.exit(2)

main.main = lose_it
__main__.main()
"""


def test_where_what_calls_back_from_c_lost_it() -> None:
    command = [sys.executable, "-c", _LOSE_IT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "\ntaskgraph: interrupted\n")
