"""Who has no second factor, though his function needs one."""

from __future__ import annotations

from datetime import date

from attrs import frozen

from teleservices_core.domain.localtime import local_date
from teleservices_core.domain.second_factor import required_from
from teleservices_core.domain.security_keys import relying_party
from teleservices_core.domain.staff import Role
from teleservices_core.usecases.site import Site


@frozen
class Without:
    """The accounts of one function that a password alone opens."""

    role: Role
    names: tuple[str, ...]
    """Identifiers, who needs one for the longest first."""
    due_on: date | None
    """The local day from which the first of them needs one; None where it is not imposed."""


def who_lacks_one(site: Site) -> list[Without]:
    """By function: those that it is imposed on, and the académie whatever is imposed.

    Where the site trusts the host to ask for a second factor, who comes from there is left
    aside: what he gave there is known in his session only.
    """
    asked, today = site.settings.second_factor, site.academie.today(site.now())
    roles = dict.fromkeys((*asked.imposed_on, Role.ACADEMY_ADMIN))
    found = []
    with site.database.reading() as tx:
        for role in roles:
            lacking = tx.factors.without(role, today, but_linked=bool(asked.trusted))
            if not lacking:
                continue
            began_on = local_date(lacking[0].began_at, site.academie.zone)
            due_on = required_from(
                [role], asked.imposed_on, asked.since, asked.grace_days, began_on
            )
            found.append(Without(role, tuple(each.login_name for each in lacking), due_on))
    return found


def whose_keys_are_dead(site: Site) -> list[str]:
    """Identifiers of who has nothing but keys, made for a former address of the site."""
    known_by = relying_party(site.settings.base_url)
    with site.database.reading() as tx:
        return tx.factors.stranded(known_by.id if known_by else "")
