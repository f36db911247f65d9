"""From what was saved to the model: opening, decoding, telling the dialect, reading."""

from __future__ import annotations

from taskgraph.sources.opening import Source, find_sources
from taskgraph.sources.reading import read_bytes, read_source

__all__ = ["Source", "find_sources", "read_bytes", "read_source"]
