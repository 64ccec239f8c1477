"""Rules of the sheet: pure functions, with the time as an argument."""
