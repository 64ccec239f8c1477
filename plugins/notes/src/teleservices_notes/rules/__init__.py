"""What may be seen of marks, and what they make together. Pure."""

from teleservices_notes.rules.averages import (
    HALF,
    SCALE,
    MarkBook,
    Part,
    SubjectAverage,
    Term,
    mark_book,
    mean,
    rounded,
    score,
    subject_average,
)
from teleservices_notes.rules.publication import (
    Shown,
    Viewpoint,
    publication_day,
    rule_for,
    succeed,
    visible_from,
)

__all__ = [
    "HALF",
    "SCALE",
    "MarkBook",
    "Part",
    "Shown",
    "SubjectAverage",
    "Term",
    "Viewpoint",
    "mark_book",
    "mean",
    "publication_day",
    "rounded",
    "rule_for",
    "score",
    "subject_average",
    "succeed",
    "visible_from",
]
