"""From a sheet to the texts that the templates show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum

from attrs import evolve, frozen

from teleservices_core.contributions import Message
from teleservices_core.domain.establishments import Academie
from teleservices_core.i18n import _
from teleservices_fiche.model import (
    FieldDef,
    FieldKind,
    Person,
    PersonKind,
    Proposal,
    ProposalState,
    Section,
    Value,
)
from teleservices_fiche.model.values import LINE_LENGTH
from teleservices_fiche.rules.catalogue import choices
from teleservices_fiche.rules.typed import ADDRESS_PARTS, NO, YES, controls, write
from teleservices_fiche.showing import show_typed, show_value, value_lines
from teleservices_fiche.usecases.drafting import (
    Changes,
    Saved,
    Step,
    on_file,
    present,
    steps,
)
from teleservices_fiche.usecases.reading import Line, Sheet, SheetPart
from teleservices_fiche.words import (
    ADDRESS_WORDS,
    FIELD_HINTS,
    SECTION_WORDS,
    STATE_WORDS,
    field_words,
)


@frozen
class Shown:
    """A field of the overview."""

    label: str
    value: tuple[str, ...]
    waiting: Proposal | None
    proposed: str
    """What the reader asked for and nobody decided."""
    is_mine: bool
    """Whether it can be taken back from this page."""
    is_new: bool
    """Accepted, and not yet in the school base."""
    refused: Proposal | None
    wanted: str
    """What the school refused."""
    beside: tuple[str, ...]
    """What others of the family ask for, in words."""
    report: tuple[str, str] | None
    """Person and code, where an error can be told."""


@frozen
class ShownSection:
    """A card of the overview."""

    title: str
    id: str
    lines: tuple[Shown, ...]
    step: str
    """Where it is changed; empty for nothing to change."""


def sections(sheet: Sheet) -> list[ShownSection]:
    """The overview, section by section: what one may change comes first."""
    slugs = {(step.person, step.section): step.slug for step in steps(sheet)}
    found = []
    for part in sheet.parts:
        for section in Section:
            lines = [line for line in part.lines if line.field.section is section]
            if not lines:
                continue
            key = (part.person.kind, section)
            found.append(
                ShownSection(
                    title=section_title(sheet, part.person.kind, section),
                    id=f"{part.person.kind}-{section}",
                    lines=tuple(_shown(part, line) for line in lines if _is_said(line)),
                    step=slugs.get(key, ""),
                )
            )
    return sorted(found, key=lambda each: not each.step)


def section_title(sheet: Sheet, person: PersonKind, section: Section) -> str:
    """What a section is called, for a guardian or for the student himself."""
    if sheet.maker.person.kind is PersonKind.STUDENT and section is not Section.EMERGENCY:
        return SECTION_WORDS[PersonKind.GUARDIAN, section]()
    return SECTION_WORDS[person, section]()


def _is_said(line: Line) -> bool:
    # What the school base leaves blank, and nobody can fill in here, is no news.
    return line.value is not None or bool(line.field.edited_by)


def _shown(part: SheetPart, line: Line) -> Shown:
    code = line.field.code
    return Shown(
        label=field_words(part.person.kind, code),
        value=value_lines(part.person.kind, code, line.value),
        waiting=line.mine,
        proposed=_asked(line.field, line.mine),
        is_mine=line.mine is not None,
        is_new=line.accepted is not None and line.field.in_base,
        refused=line.refused,
        wanted=_asked(line.field, line.refused),
        beside=tuple(
            _show(line.field, each.value) or _("laisser vide") if each.is_shown else ""
            for each in line.beside
        ),
        report=None if part.part.may_edit(code) else (part.person.kind, code),
    )


def _asked(field: FieldDef, proposal: Proposal | None) -> str:
    if proposal is None:
        return ""
    return _show(field, proposal.proposed) or _("laisser vide")


def _show(field: FieldDef, value: Value) -> str:
    return show_value(field.person, field.code, value)


def _words(proposal: Proposal, value: Value) -> str:
    return show_value(proposal.person.kind, proposal.field, value)


class RoundState(StrEnum):
    """What the establishment waits for."""

    NONE = "none"
    COMING = "coming"
    OPEN = "open"
    OVER = "over"


@frozen
class Confirming:
    """Where the yearly confirmation stands for the reader."""

    state: RoundState
    closes_on: date | None
    done_at: datetime | None
    number: str


def confirming(sheet: Sheet, academie: Academie, now: datetime) -> Confirming:
    """The state of the round, and the reader's own answer."""
    round_, said = sheet.round, sheet.confirmation
    today = academie.today(now)
    if round_ is None or not sheet.may_confirm:
        state = RoundState.NONE
    elif today in round_:
        state = RoundState.OPEN
    else:
        state = RoundState.COMING if today < round_.opens_on else RoundState.OVER
    return Confirming(
        state,
        round_.closes_on if round_ else None,
        said.at if said else None,
        said.number if said else "",
    )


@frozen
class Option:
    """A choice of a control."""

    value: str
    label: str


@frozen
class Control:
    """A control of the form, with what it shows."""

    name: str
    kind: str
    """``text``, ``tel``, ``email``, ``select``, ``radio``."""
    label: str
    value: str
    hint: str = ""
    error: str = ""
    required: bool = False
    autocomplete: str = ""
    options: tuple[Option, ...] = ()


@frozen
class Question:
    """A field of a step: one control, or the seven of an address."""

    legend: str
    """Of an address; empty elsewhere."""
    hint: str
    now: str
    """What else is said of it, where it has moved or another tab says otherwise."""
    controls: tuple[Control, ...]


_KINDS: dict[FieldKind, str] = {FieldKind.PHONE: "tel", FieldKind.EMAIL: "email"}
_COMPLETE = {"phone_mobile": "tel", "email": "email"}
_COMPLETE_ADDRESS = {
    "line1": "address-line1",
    "line2": "address-line2",
    "line3": "address-line3",
    "postal_code": "postal-code",
    "town": "address-level2",
}
_PART_HINTS: dict[str, Message] = {
    "line1": lambda: _("{n} caractères au plus : continuez sur les lignes suivantes.").format(
        n=LINE_LENGTH
    ),
    "postal_code": lambda: _(
        "Cinq chiffres. Hors de France, laissez vide et écrivez le code avec la commune."
    ),
}


def questions(saved: Saved, step: Step) -> list[Question]:
    """The form of a step, with what was just sent where something was."""
    return [_question(saved, step, line) for line in step.lines]


def _question(saved: Saved, step: Step, line: Line) -> Question:
    field, sheet, errors = line.field, saved.sheet, saved.errors
    start = on_file(sheet, step, line)
    texts = start if saved.typed is None else {n: saved.typed[n] for n in controls(field)}
    now = "" if texts == start else _other_words(saved, line, start)
    own = sheet.maker.person.kind is step.person
    hint = (
        FIELD_HINTS[step.person, field.code]() if (step.person, field.code) in FIELD_HINTS else ""
    )
    if field.kind is FieldKind.ADDRESS:
        made = tuple(_address_control(field, part, texts, errors, own) for part in ADDRESS_PARTS)
        return Question(field_words(step.person, field.code), hint, now, made)
    control = Control(
        name=field.code,
        kind=_KINDS.get(field.kind, "text"),
        label=field_words(step.person, field.code),
        value=texts.get(field.code, ""),
        hint=hint,
        error=errors.get(field.code, ""),
        required=field.required,
        autocomplete=_COMPLETE.get(field.code, "") if own else "",
    )
    return Question("", "", now, (_with_options(field, control),))


def _with_options(field: FieldDef, control: Control) -> Control:
    if field.kind is FieldKind.BOOLEAN:
        options = (Option(YES, _("Oui")), Option(NO, _("Non")))
        return evolve(control, kind="radio", options=options)
    if field.kind is FieldKind.CHOICE:
        listed = tuple(Option(code, text) for code, text in choices(field.choices).items())
        return evolve(control, kind="select", options=listed)
    return control


def _address_control(
    field: FieldDef,
    part: str,
    texts: Mapping[str, str],
    errors: Mapping[str, str],
    own: bool,
) -> Control:
    name = f"{field.code}_{part}"
    is_country = part == "country"
    return Control(
        name=name,
        kind="select" if is_country else "text",
        label=ADDRESS_WORDS[part](),
        value=texts.get(name, ""),
        hint=_PART_HINTS[part]() if part in _PART_HINTS else "",
        error=errors.get(name, ""),
        required=field.required and part in {"line1", "town", "country"},
        autocomplete=_COMPLETE_ADDRESS.get(part, "") if own else "",
        options=tuple(Option(c, t) for c, t in choices("countries").items()) if is_country else (),
    )


def _other_words(saved: Saved, line: Line, start: Mapping[str, str]) -> str:
    """What stands beside an answer that was typed on a page out of date."""
    if saved.elsewhere and start != write(line.field, present(line)):
        said = show_typed(line.field, start)
        return _("Dans l’autre fenêtre : {value}").format(value=said or _("laisser vide"))
    if not saved.moved:
        return ""
    said = _show(line.field, present(line)) or _("non renseigné")
    return _("Aujourd’hui : {value}").format(value=said)


@frozen
class Asked:
    """A line of the review, of a receipt or of the history: one change in words."""

    label: str
    who: str
    before: str
    after: str
    state: str = ""
    kind: str = "neutral"
    """Of the badge."""
    reason: str = ""
    note: str = ""
    proposal: Proposal | None = None


def reviewed(sheet: Sheet, changes: Changes) -> list[Asked]:
    """What a draft would send."""
    return [
        Asked(
            label=field_words(each.person.kind, each.line.field.code),
            who=who(sheet, each.person),
            before=_show(each.line.field, each.line.value) or _("non renseigné"),
            after=_show(each.line.field, each.value) or _("laisser vide"),
            note=_note(sheet, each.line),
        )
        for each in changes.made
    ]


def _note(sheet: Sheet, line: Line) -> str:
    if line.beside:
        return _(
            "Une autre personne de la famille demande aussi un changement : l’établissement "
            "choisira."
        )
    if sheet.options.lets_through(line.field):
        return _("Pris en compte dès l’envoi.")
    return _("L’établissement vérifiera.")


_BADGES = {
    ProposalState.WAITING: "info",
    ProposalState.ACCEPTED: "success",
    ProposalState.RECONCILED: "success",
    ProposalState.REFUSED: "error",
}


def told(sheet: Sheet, proposals: Iterable[Proposal]) -> list[Asked]:
    """What was sent, and what became of it."""
    return [
        Asked(
            label=field_words(each.person.kind, each.field),
            who=who(sheet, each.person),
            before=_words(each, each.shown) or _("non renseigné"),
            after=_words(each, each.proposed) or _("laisser vide"),
            state=STATE_WORDS[each.state](),
            kind=_BADGES.get(each.state, "neutral"),
            reason=each.reason,
            proposal=each,
        )
        for each in proposals
    ]


def who(sheet: Sheet, person: Person) -> str:
    """Whose data, for the reader."""
    if person == sheet.maker.person:
        return _("vous")
    return sheet.child.student.first_name
