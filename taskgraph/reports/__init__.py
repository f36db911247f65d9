"""Results as text for people and programs: pure functions to ``str``."""
