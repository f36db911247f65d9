"""The script that a user would write: json, networkx and dag_longest_path."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import networkx

task = json.loads(Path(sys.argv[1]).read_bytes())["data"]
timeouts = {subtask["id"]: subtask["timeout"] for subtask in task["subtasks"]}
graph = networkx.DiGraph()
graph.add_nodes_from(timeouts)
for subtask in task["subtasks"]:
    for downstream in subtask["downstreams"]:
        # The length of an edge is the timeout of its upstream end.
        graph.add_edge(subtask["id"], downstream, weight=timeouts[subtask["id"]])
if not networkx.is_directed_acyclic_graph(graph):
    sys.exit("there is a cycle")
path = networkx.dag_longest_path(graph)
print(len(path), "subtasks,", sum(timeouts[node] for node in path), "s")
