"""Read what a task orchestrator returned, check it, time it and draw it."""

__version__ = "0.1.0"
