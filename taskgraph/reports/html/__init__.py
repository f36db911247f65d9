"""The postmortem as one HTML file that needs nothing else."""

from __future__ import annotations

from taskgraph.reports.html.page import report_html

__all__ = ["report_html"]
