"""The command, also as ``python -m taskgraph``: an interrupt ends it in one line.

While modules are imported, and once all is written, nothing has to be undone, and an
exception would show itself with a traceback: there the process ends at once.
"""

from __future__ import annotations

import os
import signal  # nothing that takes longer: until it is handled, an interrupt is Python's
import sys

_INTERRUPTED = 130  # as shells have it: 128 and the number of the signal


def _end(*_: object) -> None:
    """End this process as a shell expects of one that was interrupted."""
    try:
        os.write(2, b"\ntaskgraph: interrupted\n")
    finally:
        os._exit(_INTERRUPTED)


def _ignored(unraisable: sys.UnraisableHookArgs) -> None:
    """Let an interrupt come again where it cannot be raised, in a callback for example."""
    if unraisable.exc_type is not KeyboardInterrupt:
        sys.__unraisablehook__(unraisable)
        return
    from _thread import interrupt_main
    from functools import partial
    from threading import Timer, main_thread

    again, kill = interrupt_main, getattr(signal, "pthread_kill", None)
    if kill is not None:  # elsewhere than on Windows, and it wakes what waits or sleeps
        again = partial(kill, main_thread().ident, signal.SIGINT)
    Timer(0.01, again).start()


def main() -> None:
    """Run the command line and exit."""
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        signal.signal(signal.SIGINT, _end)
        sys.unraisablehook = _ignored
    from taskgraph.cli.main import interrupts
    from taskgraph.cli.main import main as run

    try:
        if is_ours:
            signal.signal(signal.SIGINT, interrupts)
        try:
            run()
        except SystemExit as end:
            if interrupts.came and end.code != _INTERRUPTED:
                _end()
            raise
        finally:
            if is_ours:
                signal.signal(signal.SIGINT, _end)
            # An interrupt of a text that is executed, as dataclasses do, is remembered, and
            # would end the interpreter by the signal at last; the next text forgets it.
            exec("")  # noqa: S102
    except KeyboardInterrupt:
        _end()


if __name__ == "__main__":
    main()
