"""What taking an import back does, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.contributions import Message
from teleservices_core.domain.undoing import Held, UndoPlan
from teleservices_core.i18n import _, ngettext

COUNTED: Final[Mapping[str, Message]] = {
    "student.removed": lambda: _("élèves ajoutés, à retirer"),
    "student.restored": lambda: _("élèves modifiés, à rétablir"),
    "adult.removed": lambda: _("personnes ajoutées, à retirer"),
    "adult.restored": lambda: _("personnes modifiées, à rétablir"),
    "link.removed": lambda: _("liens ajoutés, à retirer"),
    "link.restored": lambda: _("liens modifiés ou terminés, à rétablir"),
    "schooling.removed": lambda: _("scolarités ajoutées, à retirer"),
    "schooling.restored": lambda: _("scolarités modifiées ou terminées, à rétablir"),
    "account.removed": lambda: _("comptes créés, jamais utilisés, à retirer"),
    "match.removed": lambda: _("rapprochements demandés, à retirer"),
    "code.removed": lambda: _("divisions, groupes et codes ajoutés, à retirer"),
    "code.restored": lambda: _("divisions, groupes et codes modifiés, à rétablir"),
}
"""Keys and holders follow persons and accounts: nobody counts them."""
HELD: Final[Mapping[Held, Message]] = {
    Held.LATER: lambda: _("modifié depuis, ou repris par quelqu’un d’autre"),
    Held.ACCOUNT: lambda: _("le compte a servi"),
    Held.DATA: lambda: _("un téléservice garde des données sur cette personne"),
    Held.NUMBER: lambda: _("l’identifiant national à rendre est celui d’un autre élève"),
    Held.PERSON: lambda: _("dépend d’une personne qui reste"),
}
REFUSED: Final[Mapping[str, Message]] = {
    "already_undone": lambda: _("Cette importation est déjà annulée : rien n’a été changé."),
    "not_kept": lambda: _(
        "Cette importation n’a rien changé, ou ce qu’elle a changé n’est plus gardé : elle ne "
        "peut pas être annulée. Importez de nouveau les bons fichiers."
    ),
}


def changed_meanwhile() -> str:
    """Why nothing was done."""
    return _("Des données ont changé depuis cet aperçu : rien n’a été annulé. Relisez-le.")


def counted(plan: UndoPlan) -> list[tuple[str, int]]:
    """What goes or comes back, as a list."""
    counts = plan.counts
    return [(said(), number) for name, said in COUNTED.items() if (number := counts.get(name, 0))]


def rows_kept(plan: UndoPlan) -> str:
    """How many other rows stay as they are; empty for none."""
    number = sum(each.row.person_ids[:1] not in _persons(plan) for each in plan.kept)
    if not number:
        return ""
    said = ngettext(
        "{n} autre enregistrement, modifié depuis, reste tel quel.",
        "{n} autres enregistrements, modifiés depuis, restent tels quels.",
        number,
    )
    return said.format(n=number)


def _persons(plan: UndoPlan) -> set[tuple[object, ...]]:
    return {(id_,) for id_ in plan.persons_kept}
