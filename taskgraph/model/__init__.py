"""What a task is: frozen values, without input or output."""
