"""Publications, and for whom they are chosen, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from teleservices_core.contributions import Message
from teleservices_core.domain.accounts import Audience
from teleservices_core.i18n import _, ngettext, show_date
from teleservices_notes.model import (
    GradingPeriod,
    GradingPeriodKind,
    Publication,
    PublicationMode,
    PublicationPlan,
    PublicationRule,
)
from teleservices_notes.words import MODE_NAMES, MODE_WORDS

READERS: Final[Mapping[Audience | None, Message]] = {
    None: lambda: _("les familles"),
    Audience.GUARDIAN: lambda: _("les responsables"),
    Audience.STUDENT: lambda: _("les élèves"),
}
TO_READERS: Final[Mapping[Audience | None, Message]] = {
    None: lambda: _("aux familles"),
    Audience.GUARDIAN: lambda: _("aux responsables"),
    Audience.STUDENT: lambda: _("aux élèves"),
}
PERIOD_NAMES: Final[Mapping[GradingPeriodKind, Message]] = {
    GradingPeriodKind.TRIMESTER: lambda: _("Trimestre {number}"),
    GradingPeriodKind.SEMESTER: lambda: _("Semestre {number}"),
}


def publication_name(publication: Publication) -> str:
    """In a few words: « au fil de l’eau », « à échéance, le 4 décembre 2026 »."""
    name = MODE_NAMES[publication.mode]()
    if publication.on is not None:
        return _("{name}, le {day}").format(name=name, day=show_date(publication.on))
    if publication.days:
        said = ngettext("{n} jour après la période", "{n} jours après la période", publication.days)
        return said.format(n=publication.days)
    return name


def publication_sentence(publication: Publication) -> str:
    """In a sentence for families."""
    if publication.on is not None:
        return _("Les notes s’affichent le {day}.").format(day=show_date(publication.on))
    if publication.mode is PublicationMode.AFTER_PERIOD and publication.days:
        said = ngettext(
            "Les notes d’un trimestre ou d’un semestre s’affichent ensemble, {n} jour après sa "
            "fin.",
            "Les notes d’un trimestre ou d’un semestre s’affichent ensemble, {n} jours après sa "
            "fin.",
            publication.days,
        )
        return said.format(n=publication.days)
    return MODE_WORDS[publication.mode]()


def period_name(period: GradingPeriod) -> str:
    """« Trimestre 1 »."""
    return PERIOD_NAMES[period.kind]().format(number=period.number)


def reach_words(rule: PublicationRule) -> str:
    """For whom: « les responsables, classe 6 B »; empty for everybody."""
    if rule.class_group is None:
        return "" if rule.audience is None else READERS[rule.audience]()
    if rule.audience is None:
        return _("la classe {group}").format(group=rule.class_group)
    return _("{readers} de la classe {group}").format(
        readers=READERS[rule.audience](), group=rule.class_group
    )


def rule_line(rule: PublicationRule) -> str:
    """« Les responsables de la classe 6 B : à échéance »."""
    reach = reach_words(rule) or READERS[None]()
    return _("{reach} : {name}").format(
        reach=reach[:1].upper() + reach[1:], name=publication_name(rule.publication)
    )


def rule_lines(rules: Sequence[PublicationRule]) -> list[str]:
    """Each rule on a line."""
    return [rule_line(each) for each in rules]


def shut_words(shut: Collection[Audience]) -> str:
    """To whom the module is closed, and what follows from it; empty where it is open to all."""
    if not shut:
        return ""
    audience = None if len(shut) > 1 else next(iter(shut))
    return _(
        "Le téléservice « Notes » est fermé {to} : la règle ne montre rien avant que la direction "
        "l’ouvre."
    ).format(to=TO_READERS[audience]())


def plan_lines(plan: PublicationPlan) -> list[str]:
    """A plan, a line for each choice: for the journal and for commands."""
    span = _("{period} : du {first} au {last}")
    return [
        *rule_lines([PublicationRule(plan.default), *plan.exceptions]),
        *(
            span.format(
                period=period_name(each),
                first=show_date(each.starts_on),
                last=show_date(each.ends_on),
            )
            for each in plan.periods
        ),
        *_competency_lines(plan),
    ]


def _competency_lines(plan: PublicationPlan) -> list[str]:
    if not plan.competencies:
        return []
    said = _("Compétence {code} : {label}")
    found = [said.format(code=each.code, label=each.label) for each in plan.competencies]
    return [*found, _("Niveaux : {levels}").format(levels=", ".join(plan.levels))]
