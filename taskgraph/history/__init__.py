"""Many documents at once: what they say together about durations, failures and odds.

The results are typed and frozen; what is said of them in words, and how they are written,
is a matter of the reports. The libraries that this takes are imported when they are needed;
one that is missing is a :class:`~taskgraph.errors.ConfigError` that says what to install.

The defaults of its options stand here: the help of the command shows them, and must not
wait for those libraries.
"""

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
