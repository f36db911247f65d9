"""The history of many documents: speed, memory, restart, engines, simulation.

    python benchmarks/history.py collect [--documents 200000] [--workers 2]
    python benchmarks/history.py dask [--documents 20000]
    python benchmarks/history.py odds

``collect`` writes an archive of known content, collects it in a process that is killed
with SIGKILL at two fifths, starts it again, and holds every count against what was put in.
It prints documents per second for each tenth of the way, the processor's seconds per
document, the largest memory of any process, and beside it a plain loop that does nothing
but open and parse the same files. ``dask`` collects on a cluster of one worker process and
of two, with one killed, and compares the bytes of parts and statistics with those of the
local engine. ``odds`` simulates a DAG of 1,000 subtasks 10,000 times, beside a plain loop.
Archives go to a temporary folder and are removed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.history_archive import Truth, write_archive
from benchmarks.history_cluster import cluster, worker_processes
from taskgraph.graph.taskgraph import TaskGraph, build_graph
from taskgraph.history.advising import advise_timeouts
from taskgraph.history.chances import OddsOptions
from taskgraph.history.collecting import CollectionProgress, collect_documents
from taskgraph.history.engines import open_engine
from taskgraph.history.statistics import Statistics, statistics
from taskgraph.history.store import RunStore
from taskgraph.model.task import Subtask, Task
from taskgraph.reports.history_data import plain

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, documents in (("collect", 200_000), ("dask", 20_000)):
        command = commands.add_parser(name)
        command.add_argument("--documents", type=int, default=documents)
        command.add_argument("--workers", type=int, default=2)
    commands.add_parser("odds")
    worker = commands.add_parser("worker")  # the process that is measured and killed
    worker.add_argument("folder", type=Path)
    worker.add_argument("store", type=Path)
    worker.add_argument("workers", type=int)
    options = parser.parse_args()
    if options.command == "odds":
        bench_odds()
    elif options.command == "worker":
        work(options.folder, options.store, options.workers)
    else:
        with tempfile.TemporaryDirectory(prefix="taskgraph-bench-") as name:
            folder = Path(name)
            print(f"writing {options.documents:,} documents ...", flush=True)
            truth = write_archive(folder / "archive", options.documents)
            bench = bench_collect if options.command == "collect" else bench_dask
            bench(folder, truth, options.workers)


# --- collect ------------------------------------------------------------------


def work(folder: Path, store: Path, workers: int) -> None:
    """Collect, and print a line of JSON for each part and one at the end."""
    began = time.monotonic()

    def report(progress: CollectionProgress) -> None:
        line = {"seconds": time.monotonic() - began, "memory": _memory()}
        line["documents"] = progress.collected.documents
        print(json.dumps(line), flush=True)

    with open_engine(workers) as engine:
        collect_documents([str(folder)], RunStore(store), engine=engine, report=report)
    used = [
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    cpu = [usage.ru_utime + usage.ru_stime for usage in used]
    print(json.dumps({"coordinator": cpu[0], "workers": cpu[1]}), flush=True)


def _memory() -> dict[str, int]:
    """Give the resident megabytes of this process and the most of any worker."""
    own = _resident(os.getpid())
    tasks = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    return {"own": own, "worker": max([_resident(int(child)) for child in tasks] or [0])}


def _resident(process: int) -> int:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def run_worker(
    folder: Path, store: Path, workers: int, stop_at: int
) -> list[dict[str, Any]]:
    """Run the measured process, and kill it once so many documents are done."""
    command = [sys.executable, __file__, "worker", str(folder), str(store), str(workers)]
    lines = []
    with subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if stop_at else None,
    ) as process:
        assert process.stdout is not None
        for text in process.stdout:
            lines.append(json.loads(text))
            if stop_at and lines[-1].get("documents", 0) >= stop_at:
                process.send_signal(signal.SIGKILL)
                break
    assert process.returncode == (-signal.SIGKILL if stop_at else 0)
    return lines


def bench_collect(folder: Path, truth: Truth, workers: int) -> None:
    archive, store = folder / "archive", folder / "runs"
    size = sum(path.stat().st_size for path in archive.rglob("*.json"))
    print(f"{truth.documents:,} documents, {size / 2**20:,.0f} MB, {workers} workers")
    peer = _plain_loop(archive, min(truth.documents, 10_000))
    print(f"  a loop that opens and parses them     {peer:8.0f} documents/s on one core")
    first = run_worker(archive, store, workers, truth.documents * 2 // 5)
    kept = RunStore(store).count("documents")
    second = run_worker(archive, store, workers, 0)
    end = second.pop()
    done = kept + second[-1]["documents"]
    print(f"  killed with {kept:,} documents in place; {done:,} in the end")
    for name, lines, total in (("before", first, kept), ("after", second, done - kept)):
        for low, high, rate in _tenths(lines, total):
            print(f"  {name:6} {low:9,} to {high:9,}            {rate:8.0f} documents/s")
    count = done - kept
    rate = count / second[-1]["seconds"]
    cpu, own = end["coordinator"] + end["workers"], end["coordinator"]
    print(f"  in all after the restart            {rate:10.0f} documents/s")
    print(f"  beside the loop                     {rate / peer:10.2f} x")
    print(f"  processor, all processes            {1000 * cpu / count:10.2f} ms a document")
    print(f"  of it the coordinator               {1000 * own / count:10.2f} ms")
    for who in ("own", "worker"):
        memory = [line["memory"][who] for line in first + second]
        early = max(memory[: len(memory) // 10 + 1])
        label = "coordinator" if who == "own" else "largest worker"
        print(f"  memory, {label:14} {max(memory):6} MB (in the first tenth {early} MB)")
    began = time.monotonic()
    found = statistics(RunStore(store))
    print(
        f"  statistics of {found.tasks:,} tasks          {time.monotonic() - began:10.2f} s"
    )
    began = time.monotonic()
    advise_timeouts(RunStore(store))
    print(f"  advice on timeouts                  {time.monotonic() - began:10.2f} s")
    _hold(found, truth)
    print("  every count is as it was put in: no row lost, none twice")


def _plain_loop(archive: Path, count: int) -> float:
    paths = sorted(archive.rglob("*.json"))[:count]
    began = time.process_time()
    for path in paths:
        try:
            json.loads(path.read_bytes())
        except ValueError:
            continue
    return count / (time.process_time() - began)


def _tenths(lines: list[dict[str, Any]], total: int) -> Iterator[tuple[int, int, float]]:
    """Give how many documents a second were done on each tenth of a run."""
    last = lines[0]
    for line in lines[1:]:
        if line["documents"] - last["documents"] >= total / 10:
            span = line["seconds"] - last["seconds"]
            count = line["documents"] - last["documents"]
            yield last["documents"], line["documents"], count / span
            last = line


def _hold(found: Statistics, truth: Truth) -> None:
    """Hold what was collected against what was put in."""
    assert (found.documents, found.rejects) == (truth.documents, truth.broken)
    assert found.responses == truth.documents - truth.broken
    assert found.tasks == truth.tasks
    kinds = {(kind.task, kind.subtask): kind for kind in found.kinds}
    for (task, subtask, what), count in truth.subtasks.items():
        kind = kinds[task, subtask]
        numbers = kind._asdict() | {"healthy": kind.run_us.size}
        assert numbers[what] == count, (task, subtask, what)


# --- dask ---------------------------------------------------------------------


def bench_dask(folder: Path, truth: Truth, workers: int) -> None:
    archive = [str(folder / "archive")]
    alone = RunStore(folder / "alone")
    began = time.monotonic()
    collect_documents(archive, alone)
    local = time.monotonic() - began
    print(f"{truth.documents:,} documents")
    print(f"  one process, without Dask           {local:10.1f} s")
    times = {}
    for count in range(1, workers + 1):
        store = RunStore(folder / f"dask-{count}")
        with cluster(folder, count) as address, open_engine(1, address) as engine:
            began = time.monotonic()
            collect_documents(archive, store, engine=engine)
            times[count] = time.monotonic() - began
            began = time.monotonic()
            same = _bytes(store, address) == _bytes(alone)
            grouping = time.monotonic() - began
        took, ratio = times[count], times[count] / times[1]
        print(f"  Dask, {count} worker processes           {took:10.1f} s  {ratio:5.2f} x")
        print(f"    statistics and advice {grouping:.1f} s, byte-equal: {same}")
        print(f"    parts byte-equal: {_parts(store) == _parts(alone)}")
        assert same
    store = RunStore(folder / "killed")
    with cluster(folder, 2) as address, open_engine(1, address) as engine:
        victim = worker_processes(address)[0]
        killer = threading.Timer(times[max(times)] / 2, os.kill, (victim, signal.SIGKILL))
        killer.start()
        began = time.monotonic()
        collect_documents(archive, store, engine=engine)
        took = time.monotonic() - began
        killer.join()
        equal = _bytes(store, address) == _bytes(alone)
    print(f"  two, one killed half-way            {took:10.1f} s, byte-equal: {equal}")
    assert equal
    _hold(statistics(store), truth)


def _bytes(store: RunStore, scheduler: str | None = None) -> bytes:
    with open_engine(1, scheduler) as engine:
        results = [statistics(store, engine=engine), advise_timeouts(store, engine=engine)]
    return json.dumps(plain(results)).encode()


def _parts(store: RunStore) -> dict[str, bytes]:
    files = [Path(file) for table in ("tasks", "subtasks") for file in store.files(table)]
    return {f"{file.parent.name}/{file.name}": file.read_bytes() for file in files}


# --- odds ---------------------------------------------------------------------


def bench_odds() -> None:
    """Simulate a large task; the loop does a fiftieth of the samples."""
    import numpy as np

    from taskgraph.analysis.analysis import Analysis
    from taskgraph.history.chances import odds_of_pools
    from taskgraph.history.pools import MeasuredTimes, OutcomeBasis, Pool

    graph = _dag(1000)
    source = np.random.default_rng(1)
    pools = {}
    for subtask in graph.subtasks:
        runs = source.permutation(5000)
        times = np.sort((source.lognormal(3, 0.5, 5000) * 1e6).astype(np.int64))
        waits = np.sort(source.integers(0, 1_200_000, 5000))
        flags = np.ones(5000, np.bool_)
        columns = (
            MeasuredTimes(times, runs, runs * 0),
            MeasuredTimes(waits, source.permutation(runs), runs * 0),
        )
        pools[subtask.name] = Pool(OutcomeBasis.OWN, columns[0], flags, flags, columns[1])
    print(f"{len(graph):,} subtasks, {graph.edge_count:,} edges, 10,000 samples")
    took = []
    for _ in range(3):
        began = time.monotonic()
        found = odds_of_pools(Analysis(graph), pools, OddsOptions(900))
        took.append(time.monotonic() - began)
    median = found.quantiles[2].value / 1e6
    began = time.monotonic()
    makespans = _loop(graph, pools, 200)
    peer = 50 * (time.monotonic() - began)
    print(f"  vectorised            {min(took):8.2f} s  (median makespan {median:.1f} s)")
    print(
        f"  a loop                {peer:8.2f} s  (median makespan {makespans[100]:.1f} s)"
    )
    print(f"  ratio                 {peer / min(took):8.0f} x")


def _dag(size: int) -> TaskGraph:
    """Give a DAG in which each subtask waits for up to four of the sixty before it."""
    choose = random.Random(1)
    rows = [
        sorted({choose.randrange(max(0, i - 60), i) for _ in range(choose.randint(1, 4))})
        if i
        else []
        for i in range(size)
    ]
    subtasks = tuple(
        Subtask(id=i, name=f"s{i}", timeout=3600, upstreams=tuple(row))
        for i, row in enumerate(rows)
    )
    return build_graph(Task(id=1, subtasks=subtasks))


def _loop(graph: TaskGraph, pools: dict[str, Any], samples: int) -> list[float]:
    choose = random.Random(2)
    spans = {name: pool.spans.values.tolist() for name, pool in pools.items()}
    waits = {name: pool.waits.values.tolist() for name, pool in pools.items()}
    found = []
    for _ in range(samples):
        ends = [0] * len(graph)
        for node in graph.order:
            name = graph.subtasks[node].name
            begin = max((ends[up] for up in graph.upstreams[node]), default=0)
            ends[node] = begin + choose.choice(waits[name]) + choose.choice(spans[name])
        found.append(max(ends) / 1e6)
    return sorted(found)


if __name__ == "__main__":
    main()
