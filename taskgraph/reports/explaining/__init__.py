"""What happened to a task, in sentences: each one a claim with the values that prove it."""
