"""What a check of the journal finds, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from teleservices_core.contributions import Message
from teleservices_core.domain.journal_guards import Breach, Gap, GuardKind
from teleservices_core.domain.seals import Fault, Wrong
from teleservices_core.i18n import _, show_timestamp

_SAID: Final[Mapping[Wrong, Message]] = {
    Wrong.SEAL_MISSING: lambda: _("Journal : le sceau {number} manque."),
    Wrong.SEAL_ALTERED: lambda: _(
        "Journal : le sceau {number} a été modifié, ou fait avec une autre clé que secret_key."
    ),
    Wrong.ROWS_ADDED: lambda: _(
        "Journal : des lignes ont été ajoutées après coup, ou l’horloge de la machine a reculé, "
        "{when}."
    ),
    Wrong.ROWS_REMOVED: lambda: _("Journal : des lignes ont été retirées, {when}."),
    Wrong.ROWS_CHANGED: lambda: _("Journal : des lignes ont été modifiées, {when}."),
    Wrong.EMPTY: lambda: _("Journal : il est vide, alors que le site a servi."),
    Wrong.BEGINNING_MISSING: lambda: _(
        "Journal : son début a été retiré : il commence le {until}, et un import a été fait le "
        "{since}."
    ),
    Wrong.END_MISSING: lambda: _(
        "Journal : sa fin a été retirée : il s’arrête le {since}, et le site a servi le {until}."
    ),
    Wrong.UNSEALED: lambda: _(
        "Journal : des sceaux ont été retirés : des lignes du {since} n’en ont pas, et le passage "
        "quotidien du {until} n’en avait laissé aucune sans sceau."
    ),
}
_BREACHES: Final[Mapping[Breach, Message]] = {
    Breach.MISSING: lambda: _("Journal : {what} manque."),
    Breach.DISABLED: lambda: _("Journal : {what} est éteint."),
    Breach.CHANGED: lambda: _("Journal : {what} n’est plus celui du programme."),
    Breach.ADDED: lambda: _("Journal : {what} n’est pas du programme."),
}
_KINDS: Final[Mapping[GuardKind, Message]] = {
    GuardKind.TABLE: lambda: _("la table {name}"),
    GuardKind.TRIGGER: lambda: _("le déclencheur {name} de {table}"),
    GuardKind.FUNCTION: lambda: _("le code de la fonction {name}"),
    GuardKind.RULE: lambda: _("la règle {name} de {table}"),
    GuardKind.POLICY: lambda: _("le filtre des lignes (row level security) de {name}"),
    GuardKind.SETTING: lambda: _("le réglage {name} de la base, qui éteint les déclencheurs,"),
}


def show_gap(gap: Gap) -> str:
    """Which guard of the journal does not stand as it should."""
    what = _KINDS[gap.kind]().format(name=gap.name, table=gap.table)
    return _BREACHES[gap.breach]().format(what=what)


def show_mending(gap: Gap) -> str:
    """What to do about it."""
    if gap.is_ours_to_mend:
        return _(
            "Les lignes qui ne sont pas encore scellées ne sont plus protégées. Lancez, avec le "
            "rôle propriétaire des tables : teleservices migrate"
        )
    if gap.kind is GuardKind.TABLE:
        return _("Rendez-lui son nom, ou remettez une sauvegarde : teleservices restore FICHIER")
    return _("Il peut défaire ce qui s’écrit : demandez qui l’a mis, et faites-le retirer.")


def show_behind(at: datetime, zone: ZoneInfo) -> str:
    """That the site had come further than its database says."""
    return _(
        "La base est plus ancienne que ce que le site a noté le {when} : elle a été remise "
        "sans « teleservices restore », ou la fin du journal a été retirée."
    ).format(when=show_timestamp(at, zone))


def show_fault(fault: Fault, zone: ZoneInfo) -> str:
    """What was altered, and between which seals."""
    until = show_timestamp(fault.until_at, zone) if fault.until_at else ""
    when = _("avant le {until} (sceau {number})")
    if fault.since_at is not None:
        when = _("entre le {since} et le {until} (sceau {number})")
    since = show_timestamp(fault.since_at, zone) if fault.since_at else ""
    said = when.format(since=since, until=until, number=fault.number)
    text = _SAID[fault.wrong]()
    return text.format(number=fault.number, when=said, since=since, until=until)
