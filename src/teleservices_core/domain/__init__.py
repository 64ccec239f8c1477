"""Values and pure rules. No I/O, no clock: time is always an argument."""
