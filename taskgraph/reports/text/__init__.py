"""What people read in a terminal, one module per command."""
