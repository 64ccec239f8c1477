"""The plugin's pages: families read marks, teachers enter them."""

from teleservices_notes.pages.family import LATEST, Pages

__all__ = ["LATEST", "Pages"]
