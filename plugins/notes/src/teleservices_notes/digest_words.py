"""Messages about new marks, in words: for mails, pages and copies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from teleservices_core.contributions import HelpEntry, MailTemplate, Message
from teleservices_core.domain.accounts import Audience
from teleservices_core.i18n import _, ngettext
from teleservices_notes.model import DigestChoice, Frequency
from teleservices_notes.rules import SubjectNews

WEEKDAYS: Final[tuple[Message, ...]] = (
    lambda: _("lundi"),
    lambda: _("mardi"),
    lambda: _("mercredi"),
    lambda: _("jeudi"),
    lambda: _("vendredi"),
    lambda: _("samedi"),
    lambda: _("dimanche"),
)
FREQUENCY_NAMES: Final[Mapping[Frequency, Message]] = {
    Frequency.WEEKLY: lambda: _("Une fois par semaine"),
    Frequency.DAILY: lambda: _("Une fois par jour"),
    Frequency.IMMEDIATE: lambda: _("Dès qu’une note est publiée"),
    Frequency.OFF: lambda: _("Jamais"),
}
FREQUENCY_HINTS: Final[Mapping[Frequency, Message]] = {
    Frequency.WEEKLY: lambda: _("Le matin du jour choisi, s’il y a des notes nouvelles."),
    Frequency.DAILY: lambda: _("Le matin, s’il y a des notes nouvelles."),
    Frequency.IMMEDIATE: lambda: _("Entre 7 h et 21 h ; plusieurs messages par jour, parfois."),
    Frequency.OFF: lambda: _("Les notes restent sur le site, sans message."),
}


def choice_words(choice: DigestChoice) -> str:
    """« Une fois par semaine, le samedi »."""
    name = FREQUENCY_NAMES[choice.frequency]()
    if choice.frequency is not Frequency.WEEKLY:
        return name
    return _("{name}, le {day}").format(name=name, day=WEEKDAYS[choice.weekday]())


def counted(subjects: Iterable[SubjectNews]) -> tuple[int, int]:
    """How many marks are new, and how many corrected."""
    numbers = [(each.new, each.corrected) for each in subjects]
    return sum(new for new, _c in numbers), sum(corrected for _n, corrected in numbers)


def news_words(new: int, corrected: int) -> str:
    """« 3 nouvelles notes et 1 note corrigée »."""
    said = []
    if new:
        said.append(ngettext("{n} nouvelle note", "{n} nouvelles notes", new).format(n=new))
    if corrected:
        text = ngettext("{n} note corrigée", "{n} notes corrigées", corrected)
        said.append(text.format(n=corrected))
    return _(" et ").join(said)


def news_title(children: Iterable[Iterable[SubjectNews]]) -> str:
    """The subject of a mail: how many, of nobody by name."""
    return news_words(*counted(subject for found in children for subject in found))


def news_lines(subjects: Iterable[SubjectNews], first_name: str) -> list[str]:
    """What a mail says of a child: « 3 nouvelles notes pour Léa : Anglais (1), … ».

    Never a figure: a mailbox is no safe place. ``first_name`` is empty for who
    reads of himself.
    """
    found = list(subjects)
    return [
        _line(first_name, news_words(*pair), [(e.subject.label, n) for e, n in counts if n])
        for pair, counts in (
            ((sum(e.new for e in found), 0), [(e, e.new) for e in found]),
            ((0, sum(e.corrected for e in found)), [(e, e.corrected) for e in found]),
        )
        if any(pair)
    ]


def _line(first_name: str, what: str, counts: Iterable[tuple[str, int]]) -> str:
    said = _("{what} pour {name} : {counts}") if first_name else _("{what} : {counts}")
    listed = ", ".join(f"{label} ({number})" for label, number in counts)
    return said.format(what=what, name=first_name, counts=listed)


DIGEST_MAIL: Final = MailTemplate(
    kind="notes.digest",
    subject=lambda: _("{title} sur {site}"),
    body=lambda: _(
        "Bonjour {name},\n"
        "\n"
        "{lines}\n"
        "\n"
        "Pour les lire, connectez-vous :\n"
        "\n"
        "{link}\n"
        "\n"
        "Par précaution, aucune note ne figure dans ce message.\n"
        "\n"
        "Pour changer la fréquence de ces messages : page « Notes », « Choisir mes messages ».\n"
        "Pour ne plus en recevoir, sans vous connecter :\n"
        "\n"
        "{stop}\n"
        "\n"
        "Ce message est envoyé automatiquement, merci de ne pas y répondre.\n"
    ),
    link_path="/notes/",
    stop_path="/notes/messages/arret/{account}/{secret}",
)

DATA_SEEN: Final[Message] = lambda: _(  # noqa: E731
    "Quand vous avez appuyé sur « J’ai vu ces notes », et les notes que vous avez alors vues : "
    "si vous êtes responsable, les enseignants de la classe et la direction voient cette date. "
    "Quelles notes un message vous a annoncées, pour ne pas les annoncer deux fois. La fréquence "
    "que vous avez choisie."
)
DATA_SEEN_KEPT_FOR: Final[Message] = lambda: _(  # noqa: E731
    "Comme les notes de l’année dont elles sont. La fréquence choisie, jusqu’à la fin du compte."
)

READER_AUDIT_WORDS: Final[Mapping[str, Message]] = {
    "notes.seen": lambda: _("Notes marquées comme vues"),
    "notes.readers_consulted": lambda: _("Liste de qui a vu les notes consultée"),
    "notes.digest_set": lambda: _("Messages sur les notes choisis"),
}

_FAMILIES: Final = frozenset({Audience.GUARDIAN, Audience.STUDENT})

DIGEST_HELP: Final = (
    HelpEntry(
        "notes.messages",
        lambda: _("Comment être prévenu des nouvelles notes ?"),
        lambda _figures: _(
            "Un message part vers votre adresse confirmée quand des notes sont publiées, jamais "
            "à leur saisie : une fois par semaine, le samedi matin, si vous ne choisissez rien. "
            "Vous pouvez préférer chaque jour, dès la publication, un autre jour, ou jamais : "
            "page « Notes », puis « Choisir mes messages ». Le message dit combien de notes et "
            "dans quelles matières, sans les notes elles-mêmes."
        ),
        _FAMILIES,
        module_id="notes",
    ),
    HelpEntry(
        "notes.seen",
        lambda: _("À quoi sert « J’ai vu ces notes » ?"),
        lambda _figures: _(
            "À retrouver d’un coup d’œil ce qui est nouveau depuis et, pour un responsable, à dire "
            "à l’établissement qu’il suit les notes. Lire la page ne suffit pas : rien n’est noté "
            "tant que vous n’appuyez pas sur le bouton. Les enseignants de la classe et la "
            "direction voient à quelle date un responsable l’a fait, et combien de notes sont "
            "parues depuis ; de l’élève, ils ne voient rien. Les notes vues ne vous sont plus "
            "annoncées par message."
        ),
        _FAMILIES,
        module_id="notes",
    ),
)
