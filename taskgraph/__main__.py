"""``python -m taskgraph``."""

from __future__ import annotations

from taskgraph.cli import main

if __name__ == "__main__":
    main()
