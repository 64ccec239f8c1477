"""The plugin's tables, and rows to values. The only package that knows SQLAlchemy."""

from teleservices_notes.store.classes import ClassMarks
from teleservices_notes.store.digests import DigestMarks
from teleservices_notes.store.erasing import erase, erase_readers
from teleservices_notes.store.marks import MarkStore
from teleservices_notes.store.readers import ReaderMarks
from teleservices_notes.store.student_rows import MARK_ROWS, READER_ROWS
from teleservices_notes.store.tables import metadata

__all__ = [
    "MARK_ROWS",
    "READER_ROWS",
    "ClassMarks",
    "DigestMarks",
    "MarkStore",
    "ReaderMarks",
    "erase",
    "erase_readers",
    "metadata",
]
