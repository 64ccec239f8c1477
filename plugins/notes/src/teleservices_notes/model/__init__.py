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

__all__ = [
    "FAMILIES",
    "LARGEST",
    "NO_LEVELS",
    "Assessment",
    "Competency",
    "Counting",
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
    "Subject",
    "proposed_periods",
]
