"""Who a person is for the host: an issuer and a subject; and what proves whom they stand for.

A host may add claims. Only the keys of a school base prove anything here: an
e-mail address or a name never does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from attrs import Factory, field, frozen, validators

from teleservices_core.domain.credentials import fold
from teleservices_core.domain.localtime import instant, optional_instant
from teleservices_core.domain.roster import Adult, Student
from teleservices_core.domain.values import Uai
from teleservices_core.errors import InvalidValueError

STUDENT_KEYS: Final = "student_keys"
"""Claim of a student: "UAI|ELEVE_ID", one text or several."""
ADULT_KEYS: Final = "adult_keys"
"""Claim of an adult: "UAI|PERSONNE_ID", one text or several."""
VECTORS: Final = "FrEduVecteur"
"""Claim in the form of the attribute that the guichet sends, one text or several."""
_KEY: Final = validators.matches_re(r"[^\x00-\x1f]{1,255}")
_MOST: Final = 50
"""Values read of one claim; a family has fewer."""


@frozen
class ExternalIdentity:
    """A person as the host, or an identity provider, knows him.

    The key is ``issuer`` and ``subject`` together, at most 255 characters each,
    none a control character.
    """

    issuer: str = field(validator=_KEY)
    subject: str = field(validator=_KEY)
    claims: Mapping[str, Any] = field(default=Factory(dict), repr=False, eq=False)
    """See :func:`read_keys`; ``name`` is shown, nothing more."""

    @property
    def digest(self) -> str:
        """What a session keeps of it."""
        return sha256(f"{self.issuer}\0{self.subject}".encode()).hexdigest()

    @property
    def methods(self) -> frozenset[str]:
        """How the person proved who it is, as ``amr`` and ``acr`` say (RFC 8176)."""
        amr, acr = self.claims.get("amr", ()), self.claims.get("acr")
        said = [*(amr if isinstance(amr, list | tuple) else [amr]), acr]
        return frozenset(each for each in said if isinstance(each, str))

    @property
    def name(self) -> str:
        """The name to show, perhaps empty."""
        name = self.claims.get("name", "")
        return name if isinstance(name, str) else ""


@frozen
class LinkedIdentity:
    """An identity that signs in to an account."""

    issuer: str
    subject: str
    account_id: UUID
    linked_at: datetime = field(converter=instant)
    seen_at: datetime = field(converter=instant)
    unlinked_at: datetime | None = field(default=None, converter=optional_instant)
    """The person undid the link: only a secret typed again makes it anew."""

    @property
    def digest(self) -> str:
        """As :attr:`ExternalIdentity.digest`."""
        return ExternalIdentity(self.issuer, self.subject).digest


@frozen(order=True)
class SiecleKey:
    """Somebody in the base of one establishment."""

    uai: Uai
    siecle_id: str = field(validator=[validators.min_len(1), validators.max_len(20)])


class VectorKind(StrEnum):
    """First part of a ``FrEduVecteur``."""

    GUARDIAN_FIRST_DEGREE = "1"
    GUARDIAN = "2"
    STUDENT_FIRST_DEGREE = "3"
    STUDENT = "4"


@frozen
class Vector:
    """A value of ``FrEduVecteur``: kind, surname, first name, ELEVE_ID and UAI.

    The identifier is the student's even in a guardian's vector, who has one
    for each child.
    """

    kind: VectorKind
    last_name: str
    first_name: str
    student: SiecleKey


@frozen
class StrongKeys:
    """What a host's claims prove."""

    students: frozenset[SiecleKey] = frozenset()
    """The person is this student."""
    adults: frozenset[SiecleKey] = frozenset()
    """The person is this adult."""
    vectors: tuple[Vector, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.students or self.adults or self.vectors)


def parse_vector(text: str) -> Vector:
    """Read ``kind|surname|first name|ELEVE_ID|UAI``. Raises :exc:`InvalidValueError`."""
    parts = [part.strip() for part in text.split("|")]
    if len(parts) != 5:
        raise InvalidValueError("FrEduVecteur", text, "expected five parts between bars")
    kind, last_name, first_name, siecle_id, uai = parts
    try:
        return Vector(VectorKind(kind), last_name, first_name, SiecleKey(Uai(uai), siecle_id))
    except InvalidValueError:
        raise
    except ValueError as error:
        raise InvalidValueError("FrEduVecteur", text, str(error)) from None


def parse_key(text: str) -> SiecleKey:
    """Read ``UAI|identifier``. Raises :exc:`InvalidValueError`."""
    uai, bar, siecle_id = text.partition("|")
    if not bar:
        raise InvalidValueError("key", text, "expected a UAI and an identifier, with a bar between")
    try:
        return SiecleKey(Uai(uai), siecle_id.strip())
    except InvalidValueError:
        raise
    except ValueError as error:
        raise InvalidValueError("key", text, str(error)) from None


def read_keys(claims: Mapping[str, Any]) -> StrongKeys:
    """The keys among a host's claims.

    A value that cannot be read proves nothing, and is passed over: one odd
    child must not lock a family out. So do the vectors of the first degree,
    whose schools are not here.
    """
    ours = (VectorKind.GUARDIAN, VectorKind.STUDENT)
    return StrongKeys(
        students=frozenset(_read(claims, STUDENT_KEYS, parse_key)),
        adults=frozenset(_read(claims, ADULT_KEYS, parse_key)),
        vectors=tuple(each for each in _read(claims, VECTORS, parse_vector) if each.kind in ours),
    )


def _read(claims: Mapping[str, Any], name: str, parse: Any) -> Iterable[Any]:
    value = claims.get(name, ())
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, Sequence):
        return
    for text in texts[:_MOST]:
        if isinstance(text, str):
            try:
                yield parse(text)
            except InvalidValueError:
                continue


def is_named(vector: Vector, person: Student | Adult) -> bool:
    """Whether a vector's names are a person's: accents, case, hyphens and spaces do not count.

    The surname may be that of birth or that of use. One first name of several
    is enough, when it comes first.
    """
    return fold(vector.last_name) in {fold(person.last_name), fold(person.usage_name)} - {
        ""
    } and _same_first_name(vector.first_name, person.first_name)


def contradicts(vector: Vector, student: Student) -> bool:
    """Whether neither of a vector's names is the student's: the key was given to somebody else."""
    surnames = {fold(student.last_name), fold(student.usage_name)}
    return fold(vector.last_name) not in surnames and not _same_first_name(
        vector.first_name, student.first_name
    )


def _same_first_name(one: str, other: str) -> bool:
    if not fold(one) or not fold(other):
        return False
    return fold(one) == fold(other) or _first(one) == fold(other) or fold(one) == _first(other)


def _first(names: str) -> str:
    return fold(names.replace(",", " ").split()[0])


def guardian_of(vector: Vector, guardians: Iterable[Adult]) -> Adult | None:
    """The one of a student's guardians whom a vector names; None when several, or none, are."""
    found = [adult for adult in guardians if is_named(vector, adult)]
    return found[0] if len(found) == 1 else None
