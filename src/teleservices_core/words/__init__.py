"""Decisions, states and acts in words, for each reader."""
