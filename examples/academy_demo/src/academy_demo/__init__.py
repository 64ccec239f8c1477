"""A synthetic académie to click through."""
