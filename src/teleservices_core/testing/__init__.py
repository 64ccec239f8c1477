"""The test kit: clock, builders, strategies, a synthetic académie."""
