"""Fixtures of every test, of the core and of the plugins."""

pytest_plugins = ["teleservices_core.testing.fixtures"]
