"""The command line: parse, call one function of the library, hand its text over."""

from __future__ import annotations

from taskgraph.cli.main import main

__all__ = ["main"]
