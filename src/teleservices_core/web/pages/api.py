"""The JSON API: establishments and their offers for everybody, the signed-in family's tiles."""

from __future__ import annotations

from typing import Final

from teleservices_core.contributions import Access, Route
from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.offers import OfferState
from teleservices_core.usecases.answers import ModuleAnswer
from teleservices_core.usecases.home import ChildAnswer, family_home
from teleservices_core.usecases.offers import Offer, listing, offering
from teleservices_core.web.api.openapi import Operation, Parameter, describe
from teleservices_core.web.api.values import (
    ApiAnswer,
    ApiChild,
    ApiEstablishment,
    ApiEstablishments,
    ApiFamily,
    ApiListed,
    ApiModule,
    ApiOffer,
    ApiOffering,
    ApiTile,
    Reader,
)
from teleservices_core.web.context import Context
from teleservices_core.web.pages.offers import read_search, read_uai
from teleservices_core.web.responses import Json

START: Final = "/api/v1"
_TEXT: Final = {"type": "string", "maxLength": 100}
_PAGE: Final = {"type": "integer", "minimum": 1, "default": 1}
OPERATIONS: Final = (
    Operation(
        "/etablissements",
        "establishments",
        "Establishments, by town and name.",
        ApiEstablishments,
        (
            Parameter("q", "Words of the name, the town or the UAI, in any spelling.", _TEXT),
            Parameter("page", "Counts from 1.", _PAGE),
        ),
    ),
    Operation(
        "/etablissements/{uai}",
        "establishment",
        "What an establishment offers now and soon, and to whom.",
        ApiOffering,
        (Parameter("uai", "Of the establishment.", {"type": "string"}, is_in_path=True),),
    ),
    Operation(
        "/moi",
        "family",
        "The children of the family that is signed in, and the modules of each.",
        ApiFamily,
        needs_session=True,
    ),
    Operation("/openapi.json", "description", "This description.", None),
)


def establishments(context: Context) -> Json:
    """A page of the list."""
    search, page = read_search(context.request)
    found = listing(context.site, search, page)
    listed = (
        ApiListed(
            _establishment(context, each.establishment),
            tuple(module.module.id for module in each.of(OfferState.OPEN)),
        )
        for each in found.offerings
    )
    return Json(
        ApiEstablishments(found.found, found.page, found.pages, tuple(listed)), is_public=True
    )


def establishment(context: Context, uai: str) -> Json:
    """One establishment's offer."""
    found = offering(context.site, read_uai(uai))
    modules = (
        ApiModule(
            id=each.module.id,
            title=each.module.title,
            summary=each.module.summary,
            state=each.state,
            offers=tuple(map(_offer, each.offers)),
        )
        for each in found.modules
    )
    school = _establishment(context, found.establishment)
    return Json(ApiOffering(school, str(found.school_year), tuple(modules)), is_public=True)


def family(context: Context) -> Json:
    """Each child with its modules, as on the home page."""
    viewer = context.me
    answers = family_home(context.site, viewer)
    children = tuple(_child(context, answer) for answer in answers)
    return Json(ApiFamily(viewer.name, Reader(viewer.account.audience.value), children))


def description(context: Context) -> Json:
    """The OpenAPI document."""
    settings = context.site.settings
    server = settings.base_url.rstrip("/") + START
    cookie = context.cookies.name("session")
    return Json(describe(settings.site_name, server, cookie, OPERATIONS), is_public=True)


def _establishment(context: Context, school: Establishment) -> ApiEstablishment:
    return ApiEstablishment(
        uai=school.uai,
        name=school.name,
        kind=school.kind,
        town=school.town,
        takes_part=school.takes_part,
        phone=school.phone,
        email=school.email,
        href=context.urls.to("core.establishment", uai=school.uai),
    )


def _answer(answer: ModuleAnswer) -> ApiAnswer:
    return ApiAnswer(
        is_open=answer.is_open,
        reason=answer.decision.reason.reason,
        words=answer.told.family,
        next_step=answer.told.next_step,
        since=answer.decision.since_at,
        until=answer.flips_at,
    )


def _offer(offer: Offer) -> ApiOffer:
    return ApiOffer(
        audiences=tuple(Reader(each.value) for each in offer.audiences),
        state=offer.state,
        answer=_answer(offer.answer),
        levels=offer.reach.levels,
        classes=offer.reach.classes,
        except_classes=offer.reach.but,
    )


def _child(context: Context, answer: ChildAnswer) -> ApiChild:
    student, first_pages = answer.child.student, context.site.catalogue.first_pages
    tiles = []
    for each in answer.modules:
        module = each.decision.module
        page = first_pages.get(module.id) if each.is_open else None
        href = context.urls.to(page, student_id=student.id) if page else None
        tiles.append(ApiTile(module.id, module.title, module.summary, _answer(each), href))
    return ApiChild(
        id=student.id,
        name=student.full_name,
        first_name=student.first_name,
        class_group=answer.child.schooling.class_group,
        establishment=_establishment(context, answer.child.establishment),
        modules=tuple(tiles),
    )


ROUTES: Final = (
    Route("core.api_establishments", f"{START}/etablissements", establishments, Access.PUBLIC),
    Route("core.api_establishment", f"{START}/etablissements/<uai>", establishment, Access.PUBLIC),
    Route("core.api_family", f"{START}/moi", family, Access.FAMILY),
    Route("core.api_description", f"{START}/openapi.json", description, Access.PUBLIC),
)
