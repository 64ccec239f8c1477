"""What the rectorat's pages share: names, years, and establishments typed by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.modules import ModuleDefinition
from teleservices_core.errors import NotFoundError
from teleservices_core.i18n import _, ngettext
from teleservices_core.usecases.adoption import SchoolSearch, departements_of
from teleservices_core.usecases.site import Site
from teleservices_core.web.context import Context
from teleservices_core.words.academy import Names, show_departement


def names_of(site: Site, establishments: Iterable[Establishment]) -> Names:
    """What modules and establishments are called."""
    catalogue = site.catalogue
    return Names(
        modules={module.id: module.title for module in catalogue.modules},
        schools={each.uai.code: each.name for each in establishments},
        zone=site.academie.zone,
        acts=catalogue.audit_words,
    )


def module_of(context: Context, module_id: str) -> ModuleDefinition:
    """The module of the address. Raises :exc:`NotFoundError`."""
    module = context.site.catalogue.by_id.get(module_id)
    if module is None:
        raise NotFoundError(f"no module {module_id}")
    return module


def one_school(
    establishments: Sequence[Establishment], typed: str
) -> tuple[Establishment | None, str]:
    """The establishment that a code or words name, or else what to type instead."""
    if not typed.strip():
        return None, _("Indiquez l’UAI ou le nom de l’établissement.")
    search = SchoolSearch(typed)
    found = [each for each in establishments if search.found(each)]
    if len(found) == 1:
        return found[0], ""
    if not found:
        return None, _("Aucun établissement de l’académie ne correspond.")
    said = ngettext(
        "{n} établissement correspond : {which}.",
        "{n} établissements correspondent : {which}.",
        len(found),
    )
    some = ", ".join(f"{each.uai} ({each.name})" for each in found[:5])
    which = _("{some}…").format(some=some) if len(found) > 5 else some
    return None, said.format(n=len(found), which=which)


def departement_options(establishments: Iterable[Establishment]) -> list[dict[str, str]]:
    """The choices of a list of départements."""
    return [
        {"value": code, "label": show_departement(code)} for code in departements_of(establishments)
    ]
