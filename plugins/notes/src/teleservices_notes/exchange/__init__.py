"""Read the files of schools: marks, and who teaches what. One line at a time."""

from teleservices_notes.exchange.marks import COLUMNS, content_reader, read_marks
from teleservices_notes.exchange.services import (
    SERVICE_COLUMNS,
    read_services,
    read_services_of,
    write_services,
)

__all__ = [
    "COLUMNS",
    "SERVICE_COLUMNS",
    "content_reader",
    "read_marks",
    "read_services",
    "read_services_of",
    "write_services",
]
