"""Read a student's marks; choose how an establishment publishes; import its marks.

``Store`` is what ``store`` implements. Functions take it opened on a
transaction, so that nothing here knows of a database.
"""

from teleservices_notes.usecases.importing import MarkLine, import_marks
from teleservices_notes.usecases.ports import Marked, Opens, RecordedPlan, Store
from teleservices_notes.usecases.publication import (
    change_own_rules,
    change_plan,
    publication_plan,
    try_own_rules,
    try_plan,
)
from teleservices_notes.usecases.reading import (
    SubjectMarks,
    audience_of,
    export_marks,
    student_marks,
    subject_marks,
)
from teleservices_notes.usecases.runs import Fault, ImportReport

__all__ = [
    "Fault",
    "ImportReport",
    "MarkLine",
    "Marked",
    "Opens",
    "RecordedPlan",
    "Store",
    "SubjectMarks",
    "audience_of",
    "change_own_rules",
    "change_plan",
    "export_marks",
    "import_marks",
    "publication_plan",
    "student_marks",
    "subject_marks",
    "try_own_rules",
    "try_plan",
]
