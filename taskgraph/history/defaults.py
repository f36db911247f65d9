"""The defaults of what may be asked of a history, which cost nothing to import."""

from __future__ import annotations

from typing import Final

RUNS: Final = "runs"
"""The folder of a history."""
MEMORY: Final = "1GB"
"""What the database may use in each process."""
SHARE: Final = 0.99
"""Of the healthy runs to come that an advised timeout must let pass."""
CONFIDENCE: Final = 0.95
"""Of that promise."""
MARGIN: Final = 0.5
"""What is added to an advised timeout, as a share of it."""
LEAST_RUNS: Final = 20
"""With fewer other runs nothing is unusual."""
