"""The postmortem as one HTML file that needs nothing else."""
