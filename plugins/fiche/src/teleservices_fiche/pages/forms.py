"""Forms of the family and of the school alike."""

from __future__ import annotations

from attrs import frozen


@frozen
class Button:
    """A form that says nothing but that it was sent."""
