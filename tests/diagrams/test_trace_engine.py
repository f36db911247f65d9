"""The trace, opened by the parser of Chrome's own tools (npm: @paulirish/trace_engine)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from taskgraph import load
from taskgraph.diagrams.formats import render
from tests.diagrams.tasks import HOSTILE, analysed, chain

pytestmark = pytest.mark.slow

_READER = """
import {readFileSync} from 'node:fs';
const [folder, ...files] = process.argv.slice(1);
const {polyfillDOMRect} = await import(`${folder}/analyze-trace.mjs`);
const {TraceModel: {Model}} = await import(`${folder}/models/trace/trace.js`);
polyfillDOMRect();
const read = [];
for (const file of files) {
  const model = Model.createWithAllHandlers();
  await model.parse(JSON.parse(readFileSync(file, 'utf8')).traceEvents);
  const {Meta, Renderer, Flows} = model.parsedTrace().data;
  const slices = [];
  for (const {threads} of Renderer.processes.values())
    for (const {name, entries, tree} of threads.values())
      for (const entry of entries)
        slices.push([name, entry.name, entry.ts, entry.dur, tree.maxDepth]);
  const [task] = [...Meta.processNames.values()].map(event => event.args.name);
  const arrows = Flows.flows.map(ends => ends.map(({tid, ts}) => [tid, ts]));
  read.push([task, slices, arrows]);
}
console.log(JSON.stringify(read));
"""


@pytest.fixture(scope="module")
def engine() -> Path:
    folder = os.environ.get("TASKGRAPH_NODE_MODULES")
    engine = Path(folder or "", "@paulirish/trace_engine")
    if folder is None or not engine.is_dir() or not shutil.which("node"):
        pytest.skip("TASKGRAPH_NODE_MODULES names no folder with the trace engine")
    return engine


def expected(events: list[dict[str, Any]]) -> tuple[str, list[list[Any]]]:
    """Give the task's name, and each slice with its track, start, length and depth."""
    (task,) = (e["args"]["name"] for e in events if e["name"] == "process_name")
    tracks = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    slices = [e for e in events if e["ph"] == "X"]
    return task, [[tracks[e["tid"]], e["name"], e["ts"], e["dur"], 1] for e in slices]


def bound_as_in_this_parser(text: bytes) -> tuple[bytes, list[list[list[int]]]]:
    """Put the ends of arrows where this parser looks for them; also give what it reads.

    Others bind an arrow to the slice around its end, this one to what begins at the same
    time, in the same category.
    """
    whole = json.loads(text)
    slices = [event for event in whole["traceEvents"] if event["ph"] == "X"]
    arrows: dict[int, list[list[int]]] = {}
    for event in whole["traceEvents"]:
        if event["ph"] in "sf":
            (around,) = (
                one
                for one in slices
                if one["tid"] == event["tid"] and 0 <= event["ts"] - one["ts"] < one["dur"]
            )
            around["cat"], event["ts"] = event["cat"], around["ts"]
            arrows.setdefault(event["id"], []).append([event["tid"], event["ts"]])
    apart = [pair for pair in arrows.values() if pair[0][1] != pair[1][1]]
    return json.dumps(whole).encode(), apart


def test_every_slice_and_arrow_is_read_on_its_track(
    engine: Path, samples: Path, tmp_path: Path
) -> None:
    """None lies within another, and what is drawn is what was written."""
    drawn = [load(path).analysis for path in sorted(samples.glob("*.json"))]
    written = []
    for number, analysis in enumerate([*drawn, analysed(chain(HOSTILE))]):
        written.append(tmp_path / f"{number}.trace.json")
        written[-1].write_bytes(str(render(analysis, "trace")).encode())
    arrows = []
    for path in list(written):
        written.append(path.with_suffix(".bound.json"))
        bound, wanted = bound_as_in_this_parser(path.read_bytes())
        arrows.append(wanted)
        written[-1].write_bytes(bound)
    files = map(str, [engine, *written])
    command = ["node", "--input-type=module", "-e", _READER, *files]
    done = subprocess.run(command, capture_output=True, check=True)
    read = json.loads(done.stdout)
    for path, (task, slices, _) in zip(written, read, strict=True):
        name, rows = expected(json.loads(path.read_bytes())["traceEvents"])
        assert (task, sorted(slices)) == (name, sorted(rows))
        assert slices
    for pairs, (_, _, found) in zip(arrows, read[len(arrows) :], strict=True):
        assert sorted(map(sorted, found)) == sorted(map(sorted, pairs))
    assert sum(map(len, arrows)) > 40
