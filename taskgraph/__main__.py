"""``python -m taskgraph``."""

from __future__ import annotations

from taskgraph.cli.main import main

if __name__ == "__main__":
    main()
