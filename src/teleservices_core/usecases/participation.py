"""Which establishments take part in the téléservices (F41)."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import sha256

from attrs import evolve, frozen

from teleservices_core.domain.consequences import Consequence, Landscape, consequence
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.localtime import SchoolYear
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.errors import ConflictError, NotFoundError
from teleservices_core.usecases.plans import landscape
from teleservices_core.usecases.rights import require_academy
from teleservices_core.usecases.site import Site, audited


@frozen
class ParticipationPlan:
    """Establishments about to join or to leave, with what that would do."""

    takes_part: bool
    establishments: tuple[Establishment, ...]
    """Those for which it changes something."""
    consequence: Consequence
    upon: Landscape

    @property
    def seen(self) -> str:
        """To compare with what another plan moves."""
        moved = " ".join(sorted(each.uai.code for each in self.establishments))
        return sha256(moved.encode()).hexdigest()[:16]


def plan_participation(
    site: Site, uais: Collection[Uai], takes_part: bool, school_year: SchoolYear
) -> ParticipationPlan:
    """What joining, or leaving, would do: two statements."""
    with site.database.reading() as tx:
        before = landscape(site, tx, school_year)
    moved = [e for e in before.establishments if e.uai in uais and e.takes_part is not takes_part]
    after = before.having(evolve(each, takes_part=takes_part) for each in moved)
    told = consequence(before, after, site.catalogue.modules, site.catalogue.rules)
    return ParticipationPlan(takes_part, tuple(moved), told, before)


def set_participation(
    site: Site, viewer: Viewer | None, uais: Collection[Uai], takes_part: bool
) -> None:
    """Make establishments join or leave, all or none.

    ``uais`` are those for which it changes something. Raises
    :exc:`NotFoundError` for an unknown one, :exc:`NotAllowedError`, and
    :exc:`ConflictError` when one of them has moved meanwhile.
    """
    with site.database.writing() as tx:
        if viewer is not None:
            require_academy(site, tx, viewer.account)
        if unknown := {uai.code for uai in uais} - tx.roster.places():
            raise NotFoundError(f"no establishment {min(unknown)}")
        if tx.roster.set_participation(uais, takes_part) != len(uais):
            raise ConflictError("one of these establishments has moved meanwhile")
        now, action = site.now(), "joined" if takes_part else "left"
        for uai in sorted(uais):
            tx.audit.add(audited(f"establishment.{action}", now, viewer, uai=uai))
