"""Assessments, marks and how an establishment publishes them.

Figures are :class:`~decimal.Decimal` with at most two places, so that they are
stored as whole hundredths and averages stay exact.
"""

from teleservices_notes.model.assessments import Assessment, Counting, Subject
from teleservices_notes.model.figures import LARGEST
from teleservices_notes.model.marks import NO_LEVELS, Entry, Mark, MarkStatus, Outcome
from teleservices_notes.model.publication import (
    FAMILIES,
    Competency,
    GradingPeriod,
    GradingPeriodKind,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
    proposed_periods,
)
from teleservices_notes.model.teaching import Course, Pupil, TeachingService

__all__ = [
    "FAMILIES",
    "LARGEST",
    "NO_LEVELS",
    "Assessment",
    "Competency",
    "Counting",
    "Course",
    "Entry",
    "GradingPeriod",
    "GradingPeriodKind",
    "Mark",
    "MarkStatus",
    "Outcome",
    "Publication",
    "PublicationMode",
    "PublicationPlan",
    "PublicationRule",
    "Pupil",
    "Subject",
    "TeachingService",
    "proposed_periods",
]
