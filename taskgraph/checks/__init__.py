"""Rules about a task, and what they find."""
