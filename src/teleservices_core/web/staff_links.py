"""What plugins offer to the staff of an establishment, for who may follow it."""

from __future__ import annotations

from attrs import frozen

from teleservices_core.contributions import Access
from teleservices_core.domain.values import Uai
from teleservices_core.domain.viewers import Viewer
from teleservices_core.usecases.site import Site


@frozen
class StaffLink:
    """A page of a plugin, for who may follow it."""

    title: str
    summary: str
    route: str
    module_id: str


def staff_links(
    site: Site, viewer: Viewer, uai: Uai, *, deciding: frozenset[str] | None = None
) -> list[StaffLink]:
    """The pages of plugins in an establishment.

    For the console with the modules about which the viewer decides there; those
    of teachers without.
    """
    console = deciding is not None
    accesses = {route.name: route.access for route in site.catalogue.routes}
    links = [
        StaffLink(page.title(), page.summary(), page.route, page.module_id)
        for page in site.catalogue.staff_pages
        if (console or accesses[page.route] is Access.TEACHER)
        and _may(viewer, accesses[page.route], uai)
        and (not page.is_for_deciders or page.module_id in (deciding or ()))
        and site.catalogue.by_id[page.module_id].plugin not in site.plugins.cut_offs
    ]
    return [link for link in links if link.title]


def _may(viewer: Viewer, access: Access, uai: Uai) -> bool:
    match access:
        case Access.TEACHER:
            return viewer.teaches(uai)
        case Access.HEAD:
            return viewer.heads(uai)
    return viewer.works_at(uai)
