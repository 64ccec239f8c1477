"""From what a person types to a value, with the error in words, and back.

Errors speak of the text that was typed and of nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from teleservices_core.contributions import Message
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _, show_phone
from teleservices_core.mail_addresses import mail_address
from teleservices_core.words.addresses import tell_bad_address
from teleservices_fiche.model import FRANCE, Address, FieldDef, FieldKind, Value
from teleservices_fiche.model.values import LINE_LENGTH, LINES, TOWN_LENGTH
from teleservices_fiche.rules.catalogue import choices

ADDRESS_PARTS: Final = (
    *(f"line{number}" for number in range(1, LINES + 1)),
    "postal_code",
    "town",
    "country",
)
"""The controls of an address."""
TEXT_LENGTH: Final = 80
_FRENCH_REGIONS: Final = ("FR", "GP", "GF", "MQ", "RE", "YT")
_FRENCH_CODES: Final = frozenset({33, 262, 508, 590, 594, 596, 687, 689})
YES: Final = "1"
NO: Final = "0"


class Untyped(Exception):  # noqa: N818 - what a person typed is no exception of ours
    """A text that is no value of the field; ``errors`` are words by control."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        self.errors = errors
        super().__init__(", ".join(errors))


def controls(field: FieldDef) -> tuple[str, ...]:
    """The names of a field's controls, as forms send them."""
    if field.kind is FieldKind.ADDRESS:
        return tuple(f"{field.code}_{part}" for part in ADDRESS_PARTS)
    return (field.code,)


def read(field: FieldDef, typed: Mapping[str, str]) -> Value:
    """The value that was typed in a field's controls. Raises :exc:`Untyped`."""
    if field.kind is FieldKind.ADDRESS:
        value: Value = _address(field.code, typed)
    else:
        text = tidy(typed.get(field.code, ""))
        try:
            value = _one(field, text) if text else None
        except ValueError as error:
            raise Untyped({field.code: str(error)}) from None
    if value is None and field.required:
        raise Untyped({controls(field)[0]: _("Cette réponse est nécessaire à l’établissement.")})
    return value


def write(field: FieldDef, value: Value) -> dict[str, str]:
    """What the controls of a field show for a value."""
    if field.kind is FieldKind.ADDRESS:
        return _write_address(field.code, value)
    if isinstance(value, bool):
        return {field.code: YES if value else NO}
    text = "" if value is None else str(value)
    return {field.code: show_number(text) if field.kind is FieldKind.PHONE else text}


def tidy(text: str) -> str:
    """Composed letters, single spaces, nothing at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _one(field: FieldDef, text: str) -> Value:
    match field.kind:
        case FieldKind.PHONE:
            return phone(text)
        case FieldKind.EMAIL:
            return email(text)
        case FieldKind.BOOLEAN:
            if text not in {YES, NO}:
                raise ValueError(_("Choisissez une des réponses proposées."))
            return text == YES
        case FieldKind.CHOICE:
            if text not in choices(field.choices):
                raise ValueError(_("Choisissez une des réponses proposées."))
            return text
    if len(text) > TEXT_LENGTH:
        raise ValueError(_("Écrivez au plus {n} caractères.").format(n=TEXT_LENGTH))
    return text


def phone(text: str) -> str:
    """A telephone in E.164: French with ten digits, of an overseas territory too, or foreign.

    Ranges are not judged: the numbering plan changes more often than this.
    Raises :exc:`ValueError` with words.
    """
    number = _international(text) if text.lstrip().startswith(("+", "00")) else _national(text)
    if number is None:
        raise ValueError(
            _("Écrivez un numéro à dix chiffres, ou commençant par + pour l’étranger.")
        )
    return number


def _national(text: str) -> str | None:
    import phonenumbers as library

    digits = re.sub(r"[\s.()/-]", "", text)
    if not re.fullmatch(r"0[1-9]\d{8}", digits):
        return None
    # The same ten digits are dialed from anywhere in France: the prefix tells the territory.
    for region in _FRENCH_REGIONS:
        found = library.parse(digits, region)
        if library.is_valid_number(found):
            return library.format_number(found, library.PhoneNumberFormat.E164)
    return f"+33{digits[1:]}"


def _international(text: str) -> str | None:
    import phonenumbers as library

    try:
        found = library.parse(re.sub(r"^\s*00", "+", text).replace("(0)", ""), None)
    except library.NumberParseException:
        return None
    if not library.is_possible_number(found):
        return None
    return library.format_number(found, library.PhoneNumberFormat.E164)


def show_number(number: str) -> str:
    """A telephone as it is dialed in France: by pairs, or with its country's code."""
    import phonenumbers as library

    if not number.startswith("+"):
        return number
    try:
        found = library.parse(number, None)
    except library.NumberParseException:
        return number
    national = f"0{library.national_significant_number(found)}"
    if found.country_code in _FRENCH_CODES and len(national) == 10:
        return show_phone(national)
    return library.format_number(found, library.PhoneNumberFormat.INTERNATIONAL)


def stored_phone(text: str) -> str | None:
    """A telephone of the school base: in E.164 where it can be read, else as it stands."""
    text = tidy(text)
    try:
        return phone(text) if text else None
    except ValueError:
        return text


def email(text: str) -> str:
    """An e-mail address that could exist. Raises :exc:`ValueError` with words."""
    try:
        return mail_address(text)
    except RefusedError as refused:
        raise ValueError(tell_bad_address(refused)) from None


_ADDRESS_ERRORS: Final[Mapping[str, Message]] = {
    "line": lambda: _("Écrivez le numéro et la rue, sur une à quatre lignes."),
    "long": lambda: _("Une ligne a au plus {n} caractères : continuez sur la suivante."),
    "postal_code": lambda: _("Un code postal français a cinq chiffres."),
    "foreign_code": lambda: _("À l’étranger, écrivez le code postal avec la ville."),
    "town": lambda: _("Écrivez le nom de la commune, en {n} caractères au plus."),
    "country": lambda: _("Choisissez un des pays proposés."),
}


def _address(code: str, typed: Mapping[str, str]) -> Address | None:
    """The address typed in its controls; None when all are empty. Raises :exc:`Untyped`."""
    said = {part: tidy(typed.get(f"{code}_{part}", "")) for part in ADDRESS_PARTS}
    country = said.pop("country") or FRANCE
    said["postal_code"] = said["postal_code"].replace(" ", "")
    if not any(said.values()):
        return None
    lines = tuple(filter(None, (said[f"line{number}"] for number in range(1, LINES + 1))))
    errors = dict(_address_errors(said, lines, country))
    if errors:
        raise Untyped({f"{code}_{part}": text for part, text in errors.items()})
    return Address(lines, said["postal_code"], said["town"], country)


def _address_errors(
    said: Mapping[str, str], lines: tuple[str, ...], country: str
) -> list[tuple[str, str]]:
    found = []
    if not lines:
        found.append(("line1", _ADDRESS_ERRORS["line"]()))
    found += [
        (part, _ADDRESS_ERRORS["long"]().format(n=LINE_LENGTH))
        for part, text in said.items()
        if part.startswith("line") and len(text) > LINE_LENGTH
    ]
    if country == FRANCE and not re.fullmatch(r"[0-9]{5}", said["postal_code"]):
        found.append(("postal_code", _ADDRESS_ERRORS["postal_code"]()))
    if country != FRANCE and said["postal_code"]:
        found.append(("postal_code", _ADDRESS_ERRORS["foreign_code"]()))
    if not 1 <= len(said["town"]) <= TOWN_LENGTH:
        found.append(("town", _ADDRESS_ERRORS["town"]().format(n=TOWN_LENGTH)))
    if country not in choices("countries"):
        found.append(("country", _ADDRESS_ERRORS["country"]()))
    return found


def _write_address(code: str, value: Value) -> dict[str, str]:
    blank = dict.fromkeys((f"{code}_{part}" for part in ADDRESS_PARTS), "")
    if not isinstance(value, Address):
        # An address of the school base that does not fit its own form is typed anew.
        return blank | {f"{code}_country": FRANCE}
    lines = {f"{code}_line{number}": line for number, line in enumerate(value.lines, 1)}
    return (
        blank
        | lines
        | {
            f"{code}_postal_code": value.postal_code,
            f"{code}_town": value.town,
            f"{code}_country": value.country,
        }
    )
