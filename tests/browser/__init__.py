"""A real browser on the demonstration."""
