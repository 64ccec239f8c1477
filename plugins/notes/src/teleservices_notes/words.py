"""How marks are published and what they say, in words: for pages, help and commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from teleservices_core.contributions import HelpEntry, Message
from teleservices_core.domain.accounts import Audience
from teleservices_core.i18n import _
from teleservices_notes.model import Counting, MarkStatus, Outcome, PublicationMode, PublicationPlan

MODE_NAMES: Final[Mapping[PublicationMode, Message]] = {
    PublicationMode.IMMEDIATE: lambda: _("dès la saisie"),
    PublicationMode.ROLLING: lambda: _("au fil de l’eau"),
    PublicationMode.SCHEDULED: lambda: _("à échéance"),
    PublicationMode.AFTER_PERIOD: lambda: _("après la période"),
}

MODE_WORDS: Final[Mapping[PublicationMode, Message]] = {
    PublicationMode.IMMEDIATE: lambda: _("Chaque note s’affiche dès que l’enseignant la saisit."),
    PublicationMode.ROLLING: lambda: _("Chaque note s’affiche le lendemain de sa saisie."),
    PublicationMode.SCHEDULED: lambda: _(
        "Chaque note s’affiche à la date de publication fixée pour l’évaluation."
    ),
    PublicationMode.AFTER_PERIOD: lambda: _(
        "Les notes d’un trimestre ou d’un semestre s’affichent ensemble, une fois qu’il est fini."
    ),
}

COUNTING_WORDS: Final[Mapping[Counting, Message]] = {
    Counting.COMPULSORY: lambda: _("toujours"),
    Counting.OPTIONAL: lambda: _("si elle augmente la moyenne"),
    Counting.BONUS: lambda: _("en bonus"),
}

STATUS_SHORT: Final[Mapping[MarkStatus, Message]] = {
    MarkStatus.ABSENT: lambda: _("abs."),
    MarkStatus.EXEMPT: lambda: _("disp."),
    MarkStatus.UNMARKED: lambda: _("n.n."),
    MarkStatus.NOT_SUBMITTED: lambda: _("n.r."),
}

STATUS_WORDS: Final[Mapping[MarkStatus, Message]] = {
    MarkStatus.ABSENT: lambda: _("absent"),
    MarkStatus.EXEMPT: lambda: _("dispensé"),
    MarkStatus.UNMARKED: lambda: _("non noté"),
    MarkStatus.NOT_SUBMITTED: lambda: _("non rendu"),
}

AUDIT_WORDS: Final[Mapping[str, Message]] = {
    "notes.imported": lambda: _("Notes importées"),
    "notes.mode_set": lambda: _("Type de publication des notes changé"),
    "notes.publication_set": lambda: _("Publication des notes changée"),
    "notes.assessment_publication_set": lambda: _("Publication d’une évaluation changée"),
}

DATA_CONTENT: Final[Message] = lambda: _(  # noqa: E731
    "Évaluations, notes et coefficients transmis par l’établissement. La copie donne les notes "
    "déjà publiées, comme la page « Notes »."
)
DATA_KEPT_FOR: Final[Message] = lambda: _(  # noqa: E731
    "Montrées pendant l’année scolaire, puis lisibles dans la copie de vos données."
)


@lru_cache(maxsize=10_000)
def show_figure(number: Decimal) -> str:
    """The shortest form, with a comma: "14,5", "20"."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", ",")


def outcome_words(outcome: Outcome) -> str:
    """« 14,5 », « absent », or « compétences » where a work got levels and no mark."""
    if outcome.value is not None:
        return show_figure(outcome.value)
    return _("compétences") if outcome.is_levels_only else STATUS_WORDS[outcome.status]()


def level_lines(plan: PublicationPlan, levels: Mapping[str, int]) -> list[tuple[str, str]]:
    """« Lire », « Maîtrise satisfaisante »: each competency and how far it is mastered."""
    return [
        (competency_label(plan, code), level_words(plan, level))
        for code, level in sorted(levels.items())
    ]


def competency_label(plan: PublicationPlan, code: str) -> str:
    """What the establishment calls a competency; its code where it says nothing of it."""
    return plan.competency_label(code) or _("Compétence {code}").format(code=code)


def level_words(plan: PublicationPlan, level: int) -> str:
    """« Maîtrise satisfaisante », or the figure where the scale has no such level."""
    return plan.levels[level - 1] if level <= len(plan.levels) else str(level)


def _said(text: Message) -> Callable[[Mapping[str, str]], str]:
    return lambda _figures: text()


def _how_published() -> str:
    modes = " ".join(
        _("« {name} » : {words}").format(
            name=MODE_NAMES[each](), words=_lowered(MODE_WORDS[each]())
        )
        for each in PublicationMode
    )
    return _(
        "Cela dépend du choix de l’établissement, indiqué sur la page « Notes » de l’enfant, "
        "et qui peut être propre à une classe, aux responsables, aux élèves ou à une "
        "évaluation. {modes}"
    ).format(modes=modes)


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


_FAMILIES: Final = frozenset({Audience.GUARDIAN, Audience.STUDENT})

HELP_ENTRIES: Final = (
    HelpEntry(
        "notes.when_published",
        lambda: _("Quand une note est-elle publiée ?"),
        _said(_how_published),
        _FAMILIES,
        module_id="notes",
        promises=("F50", "F51"),
    ),
    HelpEntry(
        "notes.nothing_shown",
        lambda: _("Je ne vois pas une note. À qui m’adresser ?"),
        _said(
            lambda: _(
                "Regardez d’abord, sur la page « Notes » de l’enfant, quel type de "
                "publication l’établissement a choisi : la note n’est peut-être pas encore "
                "publiée. Sinon, adressez-vous au secrétariat ou au chef d’établissement ; ses "
                "coordonnées sont sur la même page."
            )
        ),
        _FAMILIES,
        module_id="notes",
        promises=("F52",),
    ),
    HelpEntry(
        "notes.corrected",
        lambda: _("Que veut dire « note corrigée » ?"),
        _said(
            lambda: _(
                "L’enseignant a changé la note, son appréciation ou un niveau après l’avoir "
                "publiée. La correction s’affiche à son tour, comme une nouvelle note ; "
                "jusque-là, la note d’avant reste affichée."
            )
        ),
        _FAMILIES,
        module_id="notes",
        promises=("F50", "F51"),
    ),
    HelpEntry(
        "notes.averages",
        lambda: _("Comment les moyennes sont-elles calculées ?"),
        _said(
            lambda: _(
                "Avec les seules notes publiées, ramenées sur 20 et multipliées par leur "
                "coefficient. Une absence, une dispense ou un travail non noté n’est jamais "
                "compté comme un zéro, et une note facultative ne compte que si elle augmente "
                "la moyenne ; d’un bonus s’ajoutent les points au-dessus de 10. La moyenne "
                "générale donne le même poids à chaque matière. Chaque matière montre le détail "
                "de son calcul."
            )
        ),
        _FAMILIES,
        module_id="notes",
    ),
)
