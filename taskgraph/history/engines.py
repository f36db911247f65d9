"""Where the work is done: in this process, in several, or on a Dask cluster.

An engine runs one function on many items. What comes back does not depend on the engine,
only the order does; whoever uses one must not let that order show. Here is also said what
to install where one of the libraries is missing that only the history needs.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from taskgraph.errors import ConfigError, TaskgraphError

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_EXTRAS = {
    "dask": "dask",
    "distributed": "dask",
    "duckdb": "history",
    "fsspec": "history",
    "numpy": "history",
    "pyarrow": "history",
    "scipy": "fit",
}


def needs_extras(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function say what to install where a library that it imports is missing.

    Raises ConfigError by the function, with the name of the extra.
    """

    @functools.wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except ModuleNotFoundError as error:
            library = (error.name or "").partition(".")[0]
            extra = _EXTRAS.get(library)
            if extra is None:
                raise
            raise ConfigError(
                f"{library} is missing, which this command needs\n  hint: install the "
                f"extra {extra!r}, in the project's folder: pip install '.[{extra}]'"
            ) from None

    return wrapped


_PATIENCE = 10
"""Seconds to wait for a scheduler, and for its first worker."""

_ABSENCE = 60
"""Seconds to wait for other workers where the last one has gone."""

_PAUSE = 0.02
"""Seconds between looks at what a cluster has done."""

_MOST_WORKERS = 2 * (os.cpu_count() or 1)
"""Processes that this machine is asked for: more only wait for each other."""

_WAITING = 2
"""Items under way per worker: one at work, one at hand."""


class Engine(AbstractContextManager["Engine"], Protocol):
    """Runs a function on many items."""

    workers: int
    """How many items are worked on at once."""

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Give the results as they come, with few items in memory at any time.

        The function is one of a module, so that other processes find it; items are taken
        only as fast as the work goes on.
        """
        ...


class InlineEngine(AbstractContextManager["InlineEngine"]):
    """Does everything in this process, one item after the other."""

    workers = 1

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Give the results in the order of the items."""
        return map(function, items)

    def __exit__(self, *_: object) -> None:
        pass


class ProcessEngine(AbstractContextManager["ProcessEngine"]):
    """Does the work in processes of this machine.

    A worker that dies, of hunger for memory for example, is replaced and its items are
    done again; items that kill every worker that gets them end the run.
    """

    _most_deaths = 3

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool = self._open()

    def _open(self) -> ProcessPoolExecutor:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        context = multiprocessing.get_context("spawn")  # threads here do not survive a fork
        return ProcessPoolExecutor(self.workers, context, initializer=_begin_worker)

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Give the results as they come."""
        from concurrent.futures import FIRST_COMPLETED, wait
        from concurrent.futures.process import BrokenProcessPool

        waiting = iter(items)
        running: dict[Future[R], T] = {}
        again: list[T] = []
        deaths = 0
        while True:
            room = self.workers * _WAITING - len(running)
            fresh, again = again[:room], again[room:]
            fresh += islice(waiting, room - len(fresh))
            while fresh:
                try:
                    with interruptible(at_once=False):  # also in workers that this starts
                        future = self._pool.submit(function, fresh[0])
                except BrokenProcessPool:
                    again += fresh
                    break
                running[future] = fresh.pop(0)
            if not running and not again:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                item = running.pop(future)
                if isinstance(future.exception(), BrokenProcessPool):
                    again.append(item)
                else:
                    yield future.result()
                    deaths = 0
            if again and not running:
                deaths += 1
                if deaths > self._most_deaths:
                    raise TaskgraphError(
                        "worker processes die again and again\n  hint: is there memory "
                        "enough? fewer workers need less; what is done is kept"
                    )
                self._pool.shutdown(wait=False)
                self._pool = self._open()

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def interruptible(*, at_once: bool) -> Iterator[None]:
    """Let interrupts come at once, or only afterwards.

    So do the processes that are started meanwhile, until they say otherwise.
    """
    import signal

    if not hasattr(signal, "pthread_sigmask"):  # Windows, where none are sent to workers
        yield
        return
    change = signal.SIG_UNBLOCK if at_once else signal.SIG_BLOCK
    before = signal.pthread_sigmask(change, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin_worker() -> None:
    """Leave an interrupt to the parent, and end when the parent has died."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()


def end_with_parent() -> None:
    """End this process, which is one of several, when the one that started it has died."""
    import multiprocessing
    import threading

    def follow() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


class DaskEngine(AbstractContextManager["DaskEngine"]):
    """Does the work on a Dask cluster, whose scheduler gives away a dead worker's items."""

    @needs_extras
    def __init__(self, address: str) -> None:
        import logging

        import dask
        import distributed

        self._address = address
        # What fails is told in one message; the library tells of it with tracebacks.
        for name in "distributed", "distributed.client", "tornado.application":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        # Documents that had to be read to be found travel with the items.
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
        try:
            # A client of an address that is none complains again when it is collected.
            communication: Any = distributed.comm
            communication.get_address_host_port(address)
            cluster: Any = distributed.Client
            self._client = cluster(address, timeout=_PATIENCE, set_as_default=False)
        except Exception as error:  # noqa: BLE001 - each way to connect fails in its own
            raise ConfigError(
                f"no Dask scheduler answers at {address}: {error}\n"
                "  hint: dask scheduler prints its address when it starts"
            ) from None
        try:
            self._client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            self._client.close()
            raise ConfigError(
                f"the Dask scheduler at {address} has no workers\n"
                f"  hint: start some: dask worker {address}"
            ) from None
        self.workers = sum(self._client.nthreads().values())

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Give the results as they come."""
        import distributed

        waiting = iter(items)
        first = [
            self._client.submit(function, item, pure=False)
            for item in islice(waiting, self.workers * _WAITING)
        ]
        completed: Any = distributed.as_completed
        running = completed(first, loop=self._client.loop, with_results=True)
        try:
            while not running.is_empty():
                self._await_any(running)
                future, result = next(running)
                if future.cancelled():
                    raise self._gone()
                future.release()
                for item in islice(waiting, 1):
                    running.add(self._client.submit(function, item, pure=False))
                yield result
        except distributed.KilledWorker as error:
            raise TaskgraphError(
                f"Dask workers die again and again: {error}\n  hint: what is done is kept"
            ) from None
        except OSError:
            raise self._gone() from None

    def _await_any(self, running: Any) -> None:
        """Wait until something is done, or every worker is gone for good."""
        import time

        looks = absent = 0
        while not running.has_ready():
            time.sleep(_PAUSE)
            looks += 1
            if looks * _PAUSE >= 1:
                looks, absent = 0, 0 if self._client.nthreads() else absent + 1
            if absent >= _ABSENCE:
                raise TaskgraphError(
                    f"the Dask scheduler at {self._address} has no workers any more\n"
                    "  hint: what is done is kept: start some, and the same command goes on"
                )

    def _gone(self) -> TaskgraphError:
        return TaskgraphError(
            f"the Dask scheduler at {self._address} is gone\n"
            "  hint: what is done is kept: start it, and the same command goes on"
        )

    def __exit__(self, *_: object) -> None:
        self._client.close()


def open_engine(workers: int, scheduler: str | None = None) -> Engine:
    """Give an engine of so many processes of this machine; 1 is this process itself.

    There are at most two for each of its processors. Where the address of a Dask scheduler
    is given, that decides instead.

    Raises ConfigError if there is no such scheduler, an extra is missing, or there are no
    processes.
    """
    if workers < 1:
        raise ConfigError(f"workers must be at least 1, not {workers}")
    if scheduler is not None:
        return DaskEngine(scheduler)
    return InlineEngine() if workers == 1 else ProcessEngine(min(workers, _MOST_WORKERS))
