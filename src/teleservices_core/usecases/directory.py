"""Establishments and staff, from the académie's own CSV files."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Final

from attrs import frozen

from teleservices_core.bounded import Bounds, bounded_lines, too_long
from teleservices_core.domain.accounts import Account, AccountState, Audience
from teleservices_core.domain.credentials import login_stem
from teleservices_core.domain.establishments import (
    Establishment,
    EstablishmentKind,
    PostalAddress,
)
from teleservices_core.domain.staff import Assignment, Role, StaffMember
from teleservices_core.domain.values import Uai
from teleservices_core.errors import ImportRefusedError, RefusedError
from teleservices_core.i18n import _
from teleservices_core.mail_addresses import mail_address
from teleservices_core.ports import Transaction
from teleservices_core.ports.academy import AuditSearch
from teleservices_core.ports.drafts import Draft
from teleservices_core.usecases.importing.accounts import login_names
from teleservices_core.usecases.site import Site, audited
from teleservices_core.usecases.two_steps import in_two_steps
from teleservices_core.words.addresses import tell_bad_address

ESTABLISHMENT_COLUMNS = (
    "uai",
    "nom",
    "type",
    "adresse1",
    "adresse2",
    "code_postal",
    "commune",
    "telephone",
    "courriel",
    "adhere",
)
_ACTS: Final = 100_000
"""More than an académie's establishments ever join and leave."""
_BOUNDS: Final = Bounds(size=20_000_000, lines=100_000)
"""An académie has a few thousand establishments, and some ten staff with a role in each."""
STAFF_COLUMNS = ("uai", "role", "civilite", "nom", "prenom", "courriel")


@frozen
class _Row:
    file: str
    line: int
    values: Mapping[str, str]

    def refused(self, error: Exception) -> ImportRefusedError:
        return ImportRefusedError(self.file, str(error), line=self.line)


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[_Row]:
    try:
        reader = csv.DictReader(_lines(path), delimiter=";", strict=True)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            reason = _("colonnes manquantes : {names}")
            raise ImportRefusedError(path.name, reason.format(names=", ".join(missing)), line=1)
        for values in reader:
            yield _Row(path.name, reader.line_num, {k: (values[k] or "").strip() for k in columns})
    except csv.Error:
        reason = _("guillemets mal fermés")
        raise ImportRefusedError(path.name, reason, line=reader.line_num) from None
    except UnicodeDecodeError:
        raise ImportRefusedError(path.name, _("attendu en UTF-8")) from None


def _lines(path: Path) -> Iterator[str]:
    for number, line in enumerate(bounded_lines(path, _BOUNDS, encoding="utf-8-sig"), 1):
        text = str(line)
        if len(text) > _BOUNDS.line:
            raise ImportRefusedError(path.name, too_long(_BOUNDS), line=number)
        if not text.rstrip("\r\n").replace("\t", "").isprintable():
            raise ImportRefusedError(path.name, _("caractères de commande"), line=number)
        yield text


@frozen
class ImportedEstablishments:
    """What a file of establishments did."""

    number: int
    joined: tuple[Establishment, ...] = ()
    """Known ones that the file made join,"""
    left: tuple[Establishment, ...] = ()
    """or leave."""
    kept: tuple[Establishment, ...] = ()
    """Those that the file would have moved, had the console not decided otherwise."""


def import_establishments(site: Site, path: Path) -> ImportedEstablishments:
    """Create or update establishments from a CSV file; all or nothing.

    Whether an establishment takes part is the file's to say until somebody has
    said it in the console: from then on, the console's choice stays. Raises
    :exc:`ImportRefusedError` naming the file and the line.
    """
    found = []
    for row in _rows(path, ESTABLISHMENT_COLUMNS):
        value = row.values
        try:
            lines = tuple(filter(None, (value["adresse1"], value["adresse2"])))
            found.append(
                Establishment(
                    uai=Uai(value["uai"]),
                    name=value["nom"],
                    kind=EstablishmentKind(value["type"]),
                    town=value["commune"],
                    address=PostalAddress(lines, value["code_postal"], value["commune"]),
                    phone=value["telephone"],
                    email=value["courriel"],
                    takes_part=value["adhere"].lower() in {"1", "oui", "true"},
                )
            )
        except ValueError as error:
            raise row.refused(error) from None
    with site.database.writing() as tx:
        moved = _moved(tx, found)
        chosen = _chosen_in_the_console(tx) if moved else frozenset()
        tx.roster.save_establishments(found)
        joined, left = (
            _move(site, tx, moved, chosen, takes_part=takes_part) for takes_part in (True, False)
        )
        tx.audit.add(audited("establishments.imported", site.now(), None, number=len(found)))
    kept = tuple(each for each in moved if each.uai in chosen)
    return ImportedEstablishments(len(found), joined, left, kept)


def _moved(tx: Transaction, found: Sequence[Establishment]) -> list[Establishment]:
    """Known establishments of which the file says otherwise than the site."""
    known = {each.uai: each.takes_part for each in tx.roster.named([e.uai for e in found])}
    return [e for e in found if known.get(e.uai, e.takes_part) is not e.takes_part]


def _chosen_in_the_console(tx: Transaction) -> frozenset[Uai]:
    actions = ("establishment.joined", "establishment.left")
    entries = tx.audit.search(AuditSearch(actions=actions), _ACTS)
    latest = {entry.uai: entry for entry in reversed(entries)}
    return frozenset(uai for uai, e in latest.items() if uai and not e.detail.get("file"))


def _move(
    site: Site,
    tx: Transaction,
    moved: Sequence[Establishment],
    chosen: Collection[Uai],
    *,
    takes_part: bool,
) -> tuple[Establishment, ...]:
    moving = tuple(e for e in moved if e.takes_part is takes_part and e.uai not in chosen)
    tx.roster.set_participation([each.uai for each in moving], takes_part)
    action, now = "joined" if takes_part else "left", site.now()
    for each in moving:
        tx.audit.add(audited(f"establishment.{action}", now, None, uai=each.uai, file=True))
    return moving


def import_staff(site: Site, path: Path) -> int:
    """Create or update staff and their roles, with an account for each; all or nothing.

    Raises :exc:`ImportRefusedError` naming the file and the line.
    """
    members: dict[str, tuple[StaffMember, list[Assignment]]] = {}
    for row in _rows(path, STAFF_COLUMNS):
        value = row.values
        try:
            email = mail_address(value["courriel"])
            member = StaffMember(
                site.new_id(), value["nom"], value["prenom"], email, value["civilite"]
            )
            held = Assignment(
                member.id, Role(value["role"]), Uai(value["uai"]) if value["uai"] else None
            )
        except RefusedError as refused:
            raise row.refused(ValueError(tell_bad_address(refused))) from None
        except ValueError as error:
            raise row.refused(error) from None
        if held.role.is_school is not (held.uai is not None):
            raise row.refused(ValueError(f"the role {held.role} and the UAI do not go together"))
        members.setdefault(email, (member, []))[1].append(held)

    def work_out(tx: Transaction, rows: Draft) -> None:
        unknown = tx.staff.draft(list(members.values()), rows)
        newcomers = [*tx.staff.without_account(), *unknown]
        newcomers.sort(key=attrgetter("email"))
        stems = [login_stem(member.first_name, member.last_name) for member in newcomers]
        names = login_names(stems, tx.accounts.in_use)
        accounts = [_account(site, *each) for each in zip(newcomers, names, strict=True)]
        tx.accounts.draft(accounts, rows)

    def finish(tx: Transaction, _worked_out: None) -> None:
        tx.audit.add(audited("staff.imported", site.now(), None, number=len(members)))

    in_two_steps(site.database, work_out, finish)
    return len(members)


def _account(site: Site, member: StaffMember, login_name: str) -> Account:
    return Account(
        id=site.new_id(),
        audience=Audience.STAFF,
        login_name=login_name,
        state=AccountState.NEW,
        holder_ids=(member.id,),
        display_name=member.full_name,
        email=member.email,
        created_at=site.now(),
    )
