"""The rows that follow a student when two are found to be one: who it is about, and who did it."""

from __future__ import annotations

from typing import Final

from teleservices_core.storage.student_rows import rows_of
from teleservices_fiche.store.tables import confirmations, drafts, proposals, receipts, reports

STUDENT_ROWS: Final = (
    rows_of(proposals, "student_id", "person_id", "holder_id", place=proposals.c.uai),
    rows_of(confirmations, "student_id", "holder_id", place=confirmations.c.uai),
    rows_of(receipts, "student_id", "holder_id", place=receipts.c.uai),
    rows_of(reports, "student_id", "person_id", "holder_id", place=reports.c.uai),
    rows_of(drafts),
)
