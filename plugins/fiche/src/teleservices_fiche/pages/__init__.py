"""The pages of families and of the school."""
