"""The version, written once: read here by the build, and shown in every report."""

from __future__ import annotations

__version__ = "0.1.0"
