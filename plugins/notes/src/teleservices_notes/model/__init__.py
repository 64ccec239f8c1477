"""Assessments, marks and how an establishment publishes them.

Figures are :class:`~decimal.Decimal` with at most two places, so that they are
stored as whole hundredths and averages stay exact.
"""

from teleservices_notes.model.assessments import Assessment, Counting, Subject
from teleservices_notes.model.figures import LARGEST
from teleservices_notes.model.following import DigestChoice, Frequency, Known, Reader
from teleservices_notes.model.marks import NO_LEVELS, Entry, Mark, MarkStatus, Outcome
from teleservices_notes.model.publication import (
    FAMILIES,
    MOST_DAYS,
    Competency,
    GradingPeriod,
    GradingPeriodKind,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
    proposed_periods,
)
from teleservices_notes.model.teaching import Course, Pupil, TeachingService, TypedRow

__all__ = [
    "FAMILIES",
    "LARGEST",
    "MOST_DAYS",
    "NO_LEVELS",
    "Assessment",
    "Competency",
    "Counting",
    "Course",
    "DigestChoice",
    "Entry",
    "Frequency",
    "GradingPeriod",
    "GradingPeriodKind",
    "Known",
    "Mark",
    "MarkStatus",
    "Outcome",
    "Publication",
    "PublicationMode",
    "PublicationPlan",
    "PublicationRule",
    "Pupil",
    "Reader",
    "Subject",
    "TeachingService",
    "TypedRow",
    "proposed_periods",
]
