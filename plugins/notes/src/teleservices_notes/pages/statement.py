"""The statement of a child's marks, to keep or to hand in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.families import Child
from teleservices_core.errors import MissingExtraError
from teleservices_core.i18n import _
from teleservices_core.settings import Settings
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Download, Redirect
from teleservices_notes.explaining import span_name
from teleservices_notes.pages.spans import asked_period, child_of
from teleservices_notes.rules import MarkBook
from teleservices_notes.usecases import Opens, student_marks

Prints = Callable[[Settings, Child, MarkBook, datetime], bytes]


@frozen
class StatementPages:
    """The document, given the marks and how to print them."""

    opens: Opens
    prints: Prints

    def statement(self, context: Context, student_id: UUID) -> Download | Redirect:
        """What the family sees now, of a period or of the year."""
        child, site = child_of(context), context.site
        book = student_marks(site, child, self.opens, asked_period(context))
        try:
            pdf = self.prints(site.settings, child, book, site.now())
        except MissingExtraError:
            context.tell(
                "error",
                _("Ce site ne fabrique pas encore de relevés. Vous pouvez imprimer cette page."),
            )
            return context.redirect("notes.child", student_id=student_id)
        name = f"releve-{child.student.full_name}-{span_name(book.period)}".lower()
        return Download(pdf, re.sub(r"\W+", "-", name) + ".pdf", "application/pdf")
