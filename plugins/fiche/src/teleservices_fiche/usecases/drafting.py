"""Fill in the sheet step by step. What is typed is kept at each step, right or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from attrs import Factory, evolve, frozen

from teleservices_core.domain.accounts import Account
from teleservices_core.errors import ConflictError, NotFoundError
from teleservices_core.usecases.site import Site
from teleservices_fiche.model import (
    Draft,
    FieldDef,
    Person,
    PersonKind,
    Section,
    Value,
    canonical,
)
from teleservices_fiche.rules.papers import digest_of
from teleservices_fiche.rules.typed import Untyped, controls, read, write
from teleservices_fiche.usecases.ports import Opens, Store
from teleservices_fiche.usecases.reading import Line, Sheet, read_sheet


@frozen
class Step:
    """A page of the form: one section of one person."""

    slug: str
    """As addresses name it."""
    person: PersonKind
    section: Section
    lines: tuple[Line, ...]

    @property
    def controls(self) -> tuple[str, ...]:
        """Names of its controls."""
        return tuple(name for line in self.lines for name in controls(line.field))


_SLUGS = (
    ("vos-coordonnees", PersonKind.GUARDIAN, Section.CONTACT),
    ("votre-situation", PersonKind.GUARDIAN, Section.SITUATION),
    ("eleve", PersonKind.STUDENT, Section.CONTACT),
    ("urgence", PersonKind.STUDENT, Section.EMERGENCY),
)


def steps(sheet: Sheet) -> tuple[Step, ...]:
    """The steps that have something for the reader to change."""
    found = []
    for slug, kind, section in _SLUGS:
        part = sheet.part(kind)
        lines = (ln for ln in part.editable if ln.field.section is section) if part else ()
        step = Step(slug, kind, section, tuple(lines))
        if step.lines:
            found.append(step)
    return tuple(found)


def step_of(sheet: Sheet, slug: str) -> Step:
    """One step. Raises :exc:`NotFoundError` for none of the reader's."""
    found = next((each for each in steps(sheet) if each.slug == slug), None)
    if found is None:
        raise NotFoundError(f"no step {slug}")
    return found


def editable_of(site: Site, account: Account, student_id: UUID, slug: str, opens: Opens) -> Step:
    """A step for an account that no guard has let in. Raises :exc:`NotFoundError`."""
    with site.database.reading() as tx:
        store = opens(tx.connection)
        return step_of(read_sheet(site, tx, account, student_id, store, or_closed=True), slug)


def kept(draft: Draft, step: Step, field: FieldDef) -> dict[str, str] | None:
    """What the draft holds of a field; None where it was not touched."""
    said = {name: draft.typed.get(f"{step.person}.{name}") for name in controls(field)}
    if all(text is None for text in said.values()):
        return None
    return {name: text or "" for name, text in said.items()}


def present(line: Line) -> Value:
    """The value that a control starts from: the reader's waiting change, else what is in force."""
    return line.mine.proposed if line.mine else line.value


def on_file(sheet: Sheet, step: Step, line: Line) -> dict[str, str]:
    """What the controls of a field start from: what the draft holds, else what is known."""
    return kept(sheet.draft, step, line.field) or write(line.field, present(line))


def marks(sheet: Sheet, step: Step) -> str:
    """What a page's controls start from, field by field: it comes back with the form."""
    return " ".join(_mark(on_file(sheet, step, line)) for line in step.lines)


def _mark(texts: Mapping[str, str]) -> str:
    return digest_of(texts)[:8]


def _up_to_date(sheet: Sheet, step: Step, typed: Mapping[str, str], was: str) -> dict[str, str]:
    """What was typed; where that is what the page started from, what it would start from now.

    So a form that is sent late undoes nothing that its author has not touched.
    """
    found = {name: typed.get(name, "") for name in step.controls}
    before = was.split()
    if len(before) == len(step.lines):
        for line, mark in zip(step.lines, before, strict=True):
            if _mark({name: found[name] for name in controls(line.field)}) == mark:
                found |= on_file(sheet, step, line)
    return found


@frozen
class Saved:
    """What became of a step that was sent."""

    sheet: Sheet
    typed: Mapping[str, str] | None
    """By control; None where nothing was sent."""
    errors: Mapping[str, str] = Factory(dict)
    """Words by control; all of it is kept nevertheless."""
    moved: bool = False
    """The values have changed since the page was shown: typed again, knowingly, they count."""
    elsewhere: bool = False
    """Another tab has saved since: likewise."""

    @property
    def is_done(self) -> bool:
        """Whether the next step may follow."""
        return not (self.errors or self.moved or self.elsewhere)


def save_step(
    site: Site,
    account: Account,
    student_id: UUID,
    slug: str,
    typed: Mapping[str, str],
    opens: Opens,
    *,
    version: int,
    seen: str,
    was: str,
) -> Saved:
    """Keep what was typed at a step, unless the page it was typed on is out of date.

    Only fields that differ from what the page showed are kept, so that a draft
    never undoes what somebody else changes meanwhile. The page was made from
    the draft's ``version``, the sheet of digest ``seen`` and the :func:`marks` ``was``.
    """
    with site.database.writing() as tx:
        store = opens(tx.connection)
        sheet = read_sheet(site, tx, account, student_id, store)
        step = step_of(sheet, slug)
        texts = _up_to_date(sheet, step, typed, was)
        said, errors = _differences(step, texts)
        moved, elsewhere = sheet.seen != seen, sheet.draft.version != version
        if moved or elsewhere:
            return Saved(sheet, texts, errors, moved=moved, elsewhere=elsewhere)
        sheet = evolve(sheet, draft=_saved(site, store, sheet.draft, step, said))
    return Saved(sheet, texts, errors)


def keep_step(
    site: Site,
    account: Account,
    student_id: UUID,
    slug: str,
    typed: Mapping[str, str],
    opens: Opens,
    *,
    was: str,
) -> None:
    """Keep what a form brought too late, its session over or its module closed.

    Nobody is there to be told that another tab has saved since: what that one
    kept stays, wherever this form says nothing new.
    """
    with site.database.writing() as tx:
        store = opens(tx.connection)
        sheet = read_sheet(site, tx, account, student_id, store, or_closed=True)
        step = step_of(sheet, slug)
        said, _errors = _differences(step, _up_to_date(sheet, step, typed, was))
        _saved(site, store, sheet.draft, step, said)


def _saved(
    site: Site, store: Store, before: Draft, step: Step, said: Mapping[str, str | None]
) -> Draft:
    draft = _with(before, step, said)
    if draft.typed == before.typed:
        return before
    return store.drafts.save(evolve(draft, saved_at=site.now()))


def _differences(
    step: Step, typed: Mapping[str, str]
) -> tuple[dict[str, str | None], dict[str, str]]:
    """Each control's text, None where the field is as it was; and the errors of the others."""
    said: dict[str, str | None] = {}
    errors: dict[str, str] = {}
    for line in step.lines:
        names = controls(line.field)
        texts = {name: typed.get(name, "") for name in names}
        shown = write(line.field, present(line))
        if texts == {name: shown.get(name, "") for name in names}:
            said |= dict.fromkeys(names)
            continue
        try:
            same = canonical(read(line.field, texts)) == canonical(present(line))
        except Untyped as refused:
            errors |= refused.errors
            same = False
        said |= dict.fromkeys(names) if same else texts
    return said, errors


def _with(draft: Draft, step: Step, said: Mapping[str, str | None]) -> Draft:
    names = {f"{step.person}.{name}": text for name, text in said.items()}
    others = {name: text for name, text in draft.typed.items() if name not in names}
    typed = others | {name: text for name, text in names.items() if text is not None}
    return evolve(draft, typed=typed)


def discard(site: Site, account: Account, student_id: UUID, version: int, opens: Opens) -> None:
    """Forget what was typed. Raises :exc:`ConflictError` when another tab has saved since."""
    with site.database.writing() as tx:
        tx.accounts.hold(account.id)
        store = opens(tx.connection)
        draft = read_sheet(site, tx, account, student_id, store).draft
        if draft.version == 0:
            return
        if draft.version != version:
            raise ConflictError("another tab has saved meanwhile")
        store.drafts.drop(draft)


@frozen
class Change:
    """A field of the draft, ready to be proposed."""

    person: Person
    line: Line
    value: Value

    @property
    def is_undoing(self) -> bool:
        """Whether it only takes the reader's waiting change back."""
        return canonical(self.value) == canonical(self.line.value)


@frozen
class Changes:
    """What a draft would send."""

    made: tuple[Change, ...]
    faulty: tuple[Step, ...]
    """Steps with an answer to correct first."""


def changes_of(sheet: Sheet) -> Changes:
    """Read a draft against the sheet as it is now."""
    made: list[Change] = []
    faulty: dict[str, Step] = {}
    for step in steps(sheet):
        part = sheet.part(step.person)
        for line in step.lines:
            texts = kept(sheet.draft, step, line.field)
            if texts is None or part is None:
                continue
            try:
                value = read(line.field, texts)
            except Untyped:
                faulty[step.slug] = step
                continue
            if canonical(value) != canonical(present(line)):
                made.append(Change(part.person, line, value))
    return Changes(tuple(made), tuple(faulty.values()))
