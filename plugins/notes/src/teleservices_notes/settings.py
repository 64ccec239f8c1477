"""What who runs the site may set: ``[plugins.notes]``."""

from __future__ import annotations

from attrs import field, frozen, validators

_DAYS = validators.and_(validators.ge(0), validators.le(3_650))


@frozen
class NotesSettings:
    """How long after the end of a school year its data are kept."""

    marks_days: int = field(default=365, validator=_DAYS)
    """Marks, assessments, and what an import had put aside."""
    seen_days: int = field(default=365, validator=_DAYS)
    """What families said to have seen, and were written of."""
