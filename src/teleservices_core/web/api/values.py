"""What the API answers, as frozen values: cattrs writes them, their annotations are the schema."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from attrs import frozen

from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.establishments import EstablishmentKind
from teleservices_core.domain.levels import ClassLevel
from teleservices_core.domain.offers import OfferState
from teleservices_core.domain.values import Uai


class Reader(StrEnum):
    """Whom a module is for."""

    GUARDIAN = Audience.GUARDIAN.value
    STUDENT = Audience.STUDENT.value


@frozen
class ApiProblem:
    """An error, as RFC 9457 writes it."""

    title: Annotated[str, "What happened, in a few words for people."]
    status: int
    detail: Annotated[str, "What it means and what to do, for people."] = ""
    type: str = "about:blank"
    incident: Annotated[str, "Number to give for help; empty unless the site failed."] = ""
    sign_in: Annotated[str, "Path of the sign-in page, where signing in would help."] = ""


@frozen
class ApiEstablishment:
    """An establishment, and how to reach its office."""

    uai: Uai
    name: str
    kind: EstablishmentKind
    town: str
    takes_part: Annotated[bool, "Whether it has joined the téléservices."]
    phone: Annotated[str, "Of its office; empty when not known."]
    email: Annotated[str, "Of its office; empty when not known."]
    href: Annotated[str, "Path of its public page, mount point included."]


@frozen
class ApiListed:
    """An establishment of a list, and what is open there."""

    establishment: ApiEstablishment
    open_modules: Annotated[tuple[str, ...], "Identifiers of modules open to somebody there now."]


@frozen
class ApiEstablishments:
    """A page of establishments, by town and name."""

    found: Annotated[int, "How many answer the search, on all pages."]
    page: int
    pages: int
    establishments: tuple[ApiListed, ...]


@frozen
class ApiAnswer:
    """Whether a module is open, and why."""

    is_open: bool
    reason: Annotated[str, "Stable code of the reason, such as core.not_opened."]
    words: Annotated[str, "What it means, in a sentence for families."]
    next_step: Annotated[str, "What a family can do; empty when open."]
    since: Annotated[datetime | None, "Since when it is so, where that is known."]
    until: Annotated[datetime | None, "When time alone turns is_open into its contrary."]


@frozen
class ApiOffer:
    """A module in an establishment, for the audiences that get the same answer."""

    audiences: tuple[Reader, ...]
    state: OfferState
    answer: ApiAnswer
    levels: Annotated[tuple[ClassLevel, ...], "These levels only; empty for all."]
    classes: Annotated[tuple[str, ...], "These classes too, or alone when no level is named."]
    except_classes: Annotated[tuple[str, ...], "Not these classes."]


@frozen
class ApiModule:
    """A module that concerns an establishment."""

    id: str
    title: str
    summary: str
    state: Annotated[OfferState, "That of the audience best served."]
    offers: tuple[ApiOffer, ...]


@frozen
class ApiOffering:
    """What an establishment offers, in the order of pages."""

    establishment: ApiEstablishment
    school_year: Annotated[str, "As people write it: 2026-2027."]
    modules: tuple[ApiModule, ...]


@frozen
class ApiTile:
    """A module for one child of the family that is signed in."""

    id: str
    title: str
    summary: str
    answer: ApiAnswer
    href: Annotated[str | None, "Path of its first page; null when closed or without a page."]


@frozen
class ApiChild:
    """A student that the account gives access to."""

    id: UUID
    name: str
    first_name: str
    class_group: str
    establishment: ApiEstablishment
    modules: tuple[ApiTile, ...]


@frozen
class ApiFamily:
    """The family that is signed in."""

    name: str
    audience: Reader
    children: tuple[ApiChild, ...]
