"""« Qu’est-ce qui est proposé ? »: what each establishment offers, for everybody to read (F03)."""

from __future__ import annotations

from typing import Any, Final

from werkzeug import Request

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.offers import OfferState
from teleservices_core.domain.searching import SEARCH_MAX
from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError, NotFoundError
from teleservices_core.usecases.offers import Offer, Offering, listing, offering
from teleservices_core.web.context import Context
from teleservices_core.web.reading import whole_number
from teleservices_core.web.responses import Page
from teleservices_core.words.academy import KIND_WORDS
from teleservices_core.words.telling import listed, tell_audiences, tell_reach


def establishments(context: Context) -> Page:
    """A page of establishments, found by words of the name, the town or the UAI."""
    search, page = read_search(context.request)
    found = listing(context.site, search, page)
    return Page(
        "establishments.html",
        {
            "search": search,
            "listing": found,
            "kinds": KIND_WORDS,
            "opened": _opened,
            "canonical": context.urls.public(
                context.site.settings.base_url, "core.establishments", **_query("", found.page)
            ),
            "previous": _query(search, found.page - 1),
            "next": _query(search, found.page + 1),
        },
    )


def read_search(request: Request) -> tuple[str, int]:
    """The words searched and the page asked for. Raises :exc:`NotFoundError` for no page."""
    page = whole_number(request.args.get("page", "1"), most=9_999)
    if not page:
        raise NotFoundError("no such page")
    return request.args.get("q", "").strip()[:SEARCH_MAX], page


def read_uai(text: str) -> Uai:
    """The UAI of an address. Raises :exc:`NotFoundError` for one that cannot exist."""
    try:
        return Uai(text)
    except InvalidValueError:
        raise NotFoundError(f"no establishment {text}") from None


def _query(search: str, page: int) -> dict[str, Any]:
    return {**({"q": search} if search else {}), **({"page": page} if page > 1 else {})}


def _opened(offering: Offering) -> str:
    """What is open there, in a line."""
    return listed([each.module.title for each in offering.of(OfferState.OPEN)])


def establishment(context: Context, uai: str) -> Page:
    """What one establishment offers now and soon, what it does not, and its office."""
    found = offering(context.site, read_uai(uai))
    return Page(
        "establishment.html",
        {
            "offering": found,
            "school": found.establishment,
            "kind": KIND_WORDS[found.establishment.kind](),
            "open": found.of(OfferState.OPEN),
            "coming": found.of(OfferState.COMING),
            "closed": found.of(OfferState.CLOSED),
            "whom": _whom,
            "canonical": context.urls.public(
                context.site.settings.base_url, "core.establishment", uai=found.establishment.uai
            ),
        },
    )


def _whom(offer: Offer) -> str:
    """For whom: the audiences, then the classes where these are not all."""
    return ", ".join(filter(None, (tell_audiences(offer.audiences), tell_reach(offer.reach))))


ROUTES: Final = (
    Route("core.establishments", "/etablissements", establishments, Access.PUBLIC),
    Route("core.establishment", "/etablissements/<uai>", establishment, Access.PUBLIC),
)
