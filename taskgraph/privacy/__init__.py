"""What must not be shown: decided once, before anything else sees a task."""
