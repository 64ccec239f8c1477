"""Read the files of schools: marks, and who teaches what. One line at a time."""

from teleservices_notes.exchange.marks import COLUMNS, read_content, read_marks
from teleservices_notes.exchange.services import SERVICE_COLUMNS, read_services

__all__ = ["COLUMNS", "SERVICE_COLUMNS", "read_content", "read_marks", "read_services"]
