"""Read what a task orchestrator returned, check it, time it and draw it."""
