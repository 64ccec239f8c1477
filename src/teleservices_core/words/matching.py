"""« Rapprochements » in words: what two records say, and how they compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from attrs import frozen

from teleservices_core.contributions import Message
from teleservices_core.domain.accounts import AccountState
from teleservices_core.domain.likeness import Trait
from teleservices_core.domain.matches import Match, MatchKind, MatchState, PersonSeen
from teleservices_core.domain.roster import Adult, Student
from teleservices_core.i18n import _, show_short_date
from teleservices_core.words.people import SEX_WORDS

KIND_WORDS: Final[Mapping[MatchKind, Message]] = {
    MatchKind.STUDENT: lambda: _("Élève"),
    MatchKind.ADULT: lambda: _("Responsable"),
}
ANSWER_WORDS: Final[Mapping[MatchState, Message]] = {
    MatchState.OPEN: lambda: _("À vérifier"),
    MatchState.SAME: lambda: _("Même personne"),
    MatchState.DIFFERENT: lambda: _("Deux personnes"),
}
TRAIT_WORDS: Final[Mapping[Trait, Message]] = {
    Trait.INE: lambda: _("identifiant national"),
    Trait.KEY: lambda: _("identifiant dans la base"),
    Trait.LAST_NAME: lambda: _("nom"),
    Trait.FIRST_NAME: lambda: _("prénom"),
    Trait.BIRTH_DATE: lambda: _("date de naissance"),
    Trait.SEX: lambda: _("sexe ou civilité"),
    Trait.BIRTH_PLACE: lambda: _("lieu de naissance"),
    Trait.EMAIL: lambda: _("courriel"),
    Trait.PHONE: lambda: _("téléphone"),
    Trait.ADDRESS: lambda: _("adresse"),
    Trait.CHILD: lambda: _("élève en commun"),
}
_STATES: Final[Mapping[AccountState, Message]] = {
    AccountState.NEW: lambda: _("jamais remis"),
    AccountState.ISSUED: lambda: _("notification éditée"),
    AccountState.CLAIMED: lambda: _("activation commencée"),
    AccountState.ACTIVE: lambda: _("utilisé"),
    AccountState.LOCKED: lambda: _("bloqué"),
    AccountState.GROUPED: lambda: _("regroupé"),
    AccountState.CLOSED: lambda: _("fermé"),
}


@frozen
class Line:
    """One thing that both records say, or not."""

    label: str
    older: str
    newer: str
    trait: Trait | None = None
    """What it was compared by, if it was."""


def show_traits(traits: tuple[Trait, ...]) -> str:
    """A list of them."""
    return ", ".join(TRAIT_WORDS[each]() for each in traits)


def lines(match: Match, older: PersonSeen, newer: PersonSeen) -> list[Line]:
    """Both records, thing by thing; what neither says is left out."""
    if match.kind is MatchKind.STUDENT:
        common = _common_number(match)
        first, second = list(_student(older, common)), list(_student(newer, common))
    else:
        first, second = list(_adult(older)), list(_adult(newer))
    return [
        Line(label, one, other, trait)
        for (label, one, trait), (_label, other, _trait) in zip(first, second, strict=True)
        if one or other
    ]


def _common_number(match: Match) -> str:
    """The national identifier that both files give, though one student only may bear it."""
    numbers = [each.ines for each in match.identities]
    found = frozenset.intersection(*numbers) if numbers else frozenset()
    return _("{ine} (d’après le fichier)").format(ine=min(found)) if found else ""


def _student(seen: PersonSeen, number: str) -> Iterator[tuple[str, str, Trait | None]]:
    student, details = seen.person, seen.details
    assert isinstance(student, Student)  # noqa: S101 - the kind of the match says so
    yield _("Nom"), student.last_name, Trait.LAST_NAME
    yield _("Nom d’usage"), student.usage_name, None
    yield _("Prénom"), student.first_name, Trait.FIRST_NAME
    yield _("Né le"), show_short_date(student.born_on), Trait.BIRTH_DATE
    yield _("Sexe"), SEX_WORDS[student.sex](), Trait.SEX
    place = (details.birth_insee or details.birth_town) if details else ""
    yield _("Lieu de naissance"), place, Trait.BIRTH_PLACE
    yield _("Identifiant national"), student.ine.code if student.ine else number, Trait.INE
    schools = (
        " ".join(filter(None, (place.school, place.class_group, str(place.school_year or ""))))
        for place in seen.places
    )
    yield _("Établissement"), " ; ".join(schools), None
    yield _("Responsables"), ", ".join(seen.relatives), None
    yield _account(seen)


def _adult(seen: PersonSeen) -> Iterator[tuple[str, str, Trait | None]]:
    adult = seen.person
    assert isinstance(adult, Adult)  # noqa: S101 - the kind of the match says so
    yield _("Civilité"), adult.title, Trait.SEX
    yield _("Nom"), adult.last_name, Trait.LAST_NAME
    yield _("Nom d’usage"), adult.usage_name, None
    yield _("Prénom"), adult.first_name, Trait.FIRST_NAME
    yield _("Courriel"), adult.email, Trait.EMAIL
    phones = ", ".join(filter(None, (adult.mobile, adult.phone)))
    yield _("Téléphone"), phones, Trait.PHONE
    yield _("Adresse"), ", ".join(adult.address.label()), Trait.ADDRESS
    yield _("Élèves"), ", ".join(seen.relatives), Trait.CHILD
    yield _account(seen)


def _account(seen: PersonSeen) -> tuple[str, str, None]:
    state = seen.account_state
    said = f"{seen.login_name} ({_STATES[state]()})" if state is not None else ""
    return _("Compte"), said, None
