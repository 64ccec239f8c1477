"""Two school years side by side, and the rectorat's choices copied from one to the next."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.policy import Opening, Policy, Stance
from teleservices_core.errors import ConflictError, InvalidValueError, NotFoundError
from teleservices_core.i18n import ngettext
from teleservices_core.usecases.plans import copy_choices, plan_copy
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, read_query, text
from teleservices_core.web.pages.academy_choices import changed_meanwhile
from teleservices_core.web.pages.academy_shared import names_of
from teleservices_core.web.pages.school import audience_names
from teleservices_core.web.previews import change_lines, preview
from teleservices_core.web.responses import Page, Redirect
from teleservices_core.words.academy import Names, show_scope, show_stance


@frozen
class YearsForm:
    """The two years, and what was seen of the second when copying was previewed."""

    de: str = text(4)
    vers: str = text(4)
    seen: str = text(16)


@frozen
class ComparedLine:
    """What the rectorat decided at one scope in each of two years."""

    where: str
    module: str
    audience: str
    before: Stance | None
    before_words: str
    after: Stance | None
    after_words: str

    @property
    def differs(self) -> bool:
        """Whether the two years say otherwise."""
        return self.before is not self.after


def compare(context: Context) -> Page | Redirect:
    """Show both years; a POST copies what the second has not decided."""
    if context.request.method == "POST":
        return _copy(context)
    site = context.site
    typed = read_query(context.request, YearsForm).value or YearsForm()
    old, new = _years(context, typed)
    copied = plan_copy(site, old, new) if _may_copy(context, old, new) else None
    with site.database.reading() as tx:
        policies = tx.policy.whole(old), tx.policy.whole(new)
        schools = tx.roster.establishments()
    names = names_of(site, schools)
    lines = _compared(*policies, names)
    view: dict[str, Any] = {"copied": copied}
    if copied is not None:
        view["lines_to_copy"] = change_lines(copied.plan, names)
        view["preview"] = preview(copied.plan.consequence, names)
    return Page(
        "academy/years.html",
        {
            **view,
            "old": old,
            "new": new,
            "choices": [{"value": year.start, "label": str(year)} for year in _offered(context)],
            "lines": lines,
            "number": sum(line.differs for line in lines),
        },
    )


def _offered(context: Context) -> tuple[SchoolYear, ...]:
    current = context.site.school_year()
    return (SchoolYear(current.start - 1), current, current.next)


def _years(context: Context, typed: YearsForm) -> tuple[SchoolYear, SchoolYear]:
    """By default the year under way, and the one to come."""
    _before, current, coming = _offered(context)
    try:
        old = SchoolYear.parse(typed.de) if typed.de else current
        new = SchoolYear.parse(typed.vers) if typed.vers else coming
    except InvalidValueError as error:
        raise NotFoundError(str(error)) from None
    return old, new


def _may_copy(context: Context, old: SchoolYear, new: SchoolYear) -> bool:
    return old < new and new >= context.site.school_year()


def _compared(before: Policy, after: Policy, names: Names) -> list[ComparedLine]:
    def mine(policy: Policy) -> dict[Any, Opening]:
        return {
            (o.scope, names.modules.get(o.module_id, o.module_id), o.audience): o
            for o in policy.openings
            if not o.scope.rank.is_heads
        }

    first, second = mine(before), mine(after)
    lines = []
    for key in sorted({*first, *second}):
        scope, module, audience = key
        stances = [policy[key].stance if key in policy else None for policy in (first, second)]
        lines.append(
            ComparedLine(
                where=show_scope(scope, names.schools),
                module=module,
                audience=audience_names()[audience],
                before=stances[0],
                before_words=show_stance(stances[0]),
                after=stances[1],
                after_words=show_stance(stances[1]),
            )
        )
    return lines


def _copy(context: Context) -> Redirect:
    typed = read_form(context.request, YearsForm).value or YearsForm()
    old, new = _years(context, typed)
    if not _may_copy(context, old, new):
        raise NotFoundError(f"nothing is copied from {old} to {new}")
    try:
        done = copy_choices(context.site, context.me, old, new, seen=typed.seen)
    except ConflictError:
        context.tell("warning", changed_meanwhile())
    else:
        said = ngettext(
            "{n} décision de {old} est reprise pour {new}.",
            "{n} décisions de {old} sont reprises pour {new}.",
            len(done),
        )
        context.tell("success", said.format(n=len(done), old=old, new=new))
    return context.redirect("core.academy_years", de=old.start, vers=new.start)


ROUTES: Final = (Route("core.academy_years", "/academie/annees", compare, Access.ACADEMY, FORM),)
