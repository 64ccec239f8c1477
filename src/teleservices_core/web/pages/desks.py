"""Pages that serve both an establishment and the académie, each at its own address.

Their handlers take ``uai``, None at the académie, and ask a :class:`Desk` where
they are; :func:`both` gives the two routes. ``school/…`` and ``academy/…`` each
have the template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self

from attrs import frozen

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.values import Uai
from teleservices_core.web.context import Context
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.responses import Page, Redirect

__all__ = ["Desk", "both"]


@frozen
class Desk:
    """Where such a page is read, and where its links lead."""

    context: Context
    establishment: Establishment | None
    """None at the académie, which sees every establishment."""

    @classmethod
    def of(cls, context: Context, uai: str | None) -> Self:
        """The desk of an address. Raises :exc:`NotFoundError` for an unknown establishment."""
        return cls(context, None if uai is None else establishment_of(context, uai))

    @property
    def uai(self) -> Uai | None:
        """The establishment's code."""
        return self.establishment.uai if self.establishment else None

    def page(self, template: str, view: Mapping[str, Any]) -> Page:
        """The page of a template that both have."""
        if self.establishment is None:
            return Page(f"academy/{template}", view)
        return Page(f"school/{template}", {**view, "establishment": self.establishment})

    def url(self, page: str, **values: Any) -> str:
        """The address of another page of the desk."""
        route, found = self._route(page, values)
        return self.context.urls.to(route, **found)

    def go(self, page: str, **values: Any) -> Redirect:
        """Lead there."""
        route, found = self._route(page, values)
        return self.context.redirect(route, **found)

    def _route(self, page: str, values: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        if self.uai is None:
            return f"core.academy_{page}", values
        return f"core.{page}", {"uai": self.uai.code, **values}


def both(
    page: str,
    rule: str,
    handler: Callable[..., Any],
    methods: tuple[str, ...] = ("GET",),
    *,
    consults: str = "",
    is_grave: bool = False,
) -> tuple[Route, Route]:
    """The routes ``core.<page>`` of an establishment and ``core.academy_<page>``."""
    declared = partial(
        Route, handler=handler, methods=methods, consults=consults, is_grave=is_grave
    )
    return (
        declared(f"core.{page}", f"/ecole/<uai>{rule}", access=Access.SCHOOL),
        declared(f"core.academy_{page}", f"/academie{rule}", access=Access.ACADEMY),
    )
