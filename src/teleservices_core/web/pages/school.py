"""The console of an establishment: modules and credential letters."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final
from zipfile import ZipFile

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.documents.issued import letter_head, letter_sheet
from teleservices_core.documents.letters import LETTERS_PER_FILE, render_letters
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.policy import Stance
from teleservices_core.domain.scopes import Scope
from teleservices_core.domain.values import Uai
from teleservices_core.errors import NotFoundError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.usecases import letters as letters_usecase
from teleservices_core.usecases.opening import set_opening as record_opening
from teleservices_core.usecases.opening import switches
from teleservices_core.web.context import Context
from teleservices_core.web.forms import read_form, text
from teleservices_core.web.responses import Download, Page, Redirect


def _establishment(context: Context, uai: str) -> Establishment:
    with context.site.database.reading() as tx:
        found = tx.roster.establishment(Uai(uai))
    if found is None:
        raise NotFoundError(f"no establishment {uai}")
    return found


def modules(context: Context, uai: str) -> Page:
    """Each module and audience: open or closed, why, and the switch (F04)."""
    establishment = _establishment(context, uai)
    year = context.site.school_year()
    by_module: dict[str, dict[str, Any]] = {}
    for switch in switches(context.site, establishment, year):
        entry = by_module.setdefault(switch.module.id, {"module": switch.module, "switches": []})
        entry["switches"].append(switch)
    return Page(
        "school/modules.html",
        {
            "establishment": establishment,
            "year": year,
            "modules": list(by_module.values()),
            "is_head": context.me.heads(establishment.uai),
            "audience_names": audience_names(),
        },
    )


def audience_names() -> dict[Audience, str]:
    """How the consoles call each audience."""
    return {Audience.GUARDIAN: _("Responsables"), Audience.STUDENT: _("Élèves")}


@frozen
class OpeningForm:
    """One switch: a module, an audience, and what is wanted."""

    module_id: str = text(31)
    audience: Audience = Audience.GUARDIAN
    stance: Stance = Stance.CLOSED


def set_opening(context: Context, uai: str) -> Redirect:
    """Record the head's choice; the families' pages change at once."""
    form = read_form(context.request, OpeningForm)
    asked = form.value
    if asked is None or asked.stance not in {Stance.OPEN, Stance.CLOSED}:
        context.tell("error", _("Choix inconnu : rien n’a été changé."))
        return context.redirect("core.school", uai=uai)
    try:
        record_opening(
            context.site,
            context.me,
            Scope.establishment(Uai(uai)),
            asked.module_id,
            asked.audience,
            asked.stance,
        )
    except RefusedError:
        context.tell("error", _("Ce choix revient à l’académie : rien n’a été changé."))
        return context.redirect("core.school", uai=uai)
    module = context.site.catalogue.module(asked.module_id)
    said = _("« {module} » est maintenant ouvert aux {audience}.")
    if asked.stance is Stance.CLOSED:
        said = _("« {module} » est maintenant fermé aux {audience}.")
    context.tell(
        "success",
        said.format(
            module=module.title if module else asked.module_id,
            audience=audience_names()[asked.audience].lower(),
        ),
    )
    return context.redirect("core.school", uai=uai)


def letters(context: Context, uai: str) -> Page:
    """How far each class is: to issue, issued, claimed; and the buttons to print."""
    establishment = _establishment(context, uai)
    progress = letters_usecase.letter_progress(context.site, establishment.uai)
    return Page("school/letters.html", {"establishment": establishment, "progress": progress})


@frozen
class LettersForm:
    """Which class to print letters for; empty for the whole establishment."""

    class_group: str = text(20)


def issue_letters(context: Context, uai: str) -> Download | Redirect:
    """Issue the letters still to be issued, as one PDF to print (F10)."""
    form = read_form(context.request, LettersForm)
    class_group = (form.value.class_group if form.value else "") or None
    site = context.site
    plan = letters_usecase.plan_letters(site, Uai(uai), class_group=class_group)
    if not plan.candidates:
        context.tell("info", _("Aucune notification à éditer : toutes l’ont déjà été."))
        return context.redirect("core.letters", uai=uai)
    issued = letters_usecase.issue_letters(site, plan, viewer=context.me)
    head = letter_head(site.settings, plan.establishment)
    parts = list(render_letters(head, map(letter_sheet, issued), batch=LETTERS_PER_FILE))
    name = f"notifications-{uai}-{class_group or 'etablissement'}".replace(" ", "-")
    if len(parts) == 1:
        return Download(parts[0], f"{name}.pdf", "application/pdf")
    return Download(_zipped(name, parts), f"{name}.zip", "application/zip")


def _zipped(name: str, parts: list[bytes]) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for number, part in enumerate(parts, 1):
            archive.writestr(f"{name}-{number:02}.pdf", part)
    return packed.getvalue()


ROUTES: Final = (
    Route("core.school", "/ecole/<uai>/", modules, Access.SCHOOL),
    Route("core.set_opening", "/ecole/<uai>/modules", set_opening, Access.HEAD, ("POST",)),
    Route("core.letters", "/ecole/<uai>/notifications", letters, Access.SCHOOL),
    Route(
        "core.issue_letters",
        "/ecole/<uai>/notifications/editer",
        issue_letters,
        Access.SCHOOL,
        ("POST",),
    ),
)
