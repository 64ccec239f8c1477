"""What families and the school do with sheets."""
