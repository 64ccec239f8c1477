"""Who may do what, route by route: the whole authorization of the core and of « Notes ».

A route is reached by GET or POST, by a visitor, about something that is his
establishment's, another's, the same mixed, another académie's, or nothing.
``test_matrix.py`` tries them all, and fails for a route without a row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from attrs import Factory, frozen


class Place(StrEnum):
    """Whose the thing is that an address names."""

    OWN = "own"
    """Of the first establishment, its family and its staff."""
    OTHER = "other"
    """Of another establishment of the académie."""
    CROSSED = "crossed"
    """Named as the first establishment's, though it is the other's."""
    ABROAD = "abroad"
    """Of another académie, whose site runs in the same process."""
    NOWHERE = "nowhere"
    """Nobody's."""


@frozen
class Group:
    """Who gets in about what is the first establishment's, and about what is the other's."""

    own: frozenset[str]
    other: frozenset[str] = frozenset()


@frozen
class Row:
    """Who may reach a route. None: the route has no such method."""

    get: Group | None = None
    post: Group | None = None
    form: Mapping[str, str] = Factory(dict)
    """Enough of a form to come to the check of rights."""
    finds_nothing: bool = False
    """What the address names does not exist in this world: who may is told so."""


def _everywhere(*who: str) -> Group:
    return Group(frozenset(who), frozenset(who))


_FAMILIES: Final = ("guardian", "student", "other_guardian", "former_guardian", "contact")
_STAFF: Final = (
    "head",
    "deputy",
    "office",
    "teacher",
    "delegate",
    "former_delegate",
    "other_head",
    "other_teacher",
    "former_head",
    "former_teacher",
    "academy",
    "hotline",
)
VISITORS: Final = ("nobody", *_FAMILIES, *_STAFF, "first_login", "renewal", "stranger")
"""``former_…``: whose link, assignment or delegation has ended; ``contact``: a mere contact
of the child; ``stranger``: the head of an establishment of the other académie, signed in there."""

EVERYBODY: Final = _everywhere(*VISITORS)
SIGNED_IN: Final = _everywhere(*_FAMILIES, *_STAFF)
STAFF: Final = _everywhere(*_STAFF)
FAMILIES: Final = _everywhere(*_FAMILIES)
GUARDIANS: Final = _everywhere(*(each for each in _FAMILIES if each != "student"))
CHILD: Final = Group(frozenset({"guardian", "student"}), frozenset({"other_guardian"}))
OWN_CHILD: Final = Group(frozenset({"guardian"}), frozenset({"other_guardian"}))
SCHOOL: Final = Group(
    frozenset({"head", "deputy", "office", "delegate", "former_delegate"}),
    frozenset({"other_head"}),
)
TEACHERS: Final = Group(
    frozenset({"head", "deputy", "teacher"}), frozenset({"other_head", "other_teacher"})
)
HEADS: Final = Group(frozenset({"head", "deputy"}), frozenset({"other_head"}))
MODULE: Final = Group(frozenset({"head", "deputy", "delegate"}), frozenset({"other_head"}))
"""Who decides about « Notes »: heads, and who holds a delegation for it."""
ACADEMY: Final = _everywhere("academy")
HELP: Final = _everywhere("academy", "hotline")
STARTING: Final = _everywhere("first_login")
RENEWING: Final = _everywhere("renewal")

_CHOICE: Final = {"module_id": "notes", "audience": "guardian", "stance": "closed", "seen": ""}

MATRIX: Final[Mapping[str, Row]] = {
    # Open to all.
    "core.home": Row(EVERYBODY),
    "core.alive": Row(EVERYBODY),
    "core.ready": Row(EVERYBODY),
    # No token is set: there is no such page.
    "core.figures": Row(EVERYBODY, finds_nothing=True),
    "core.help": Row(EVERYBODY),
    "core.useful_links": Row(EVERYBODY),
    "core.accessibility": Row(EVERYBODY),
    "core.privacy": Row(EVERYBODY),
    "core.signed_out": Row(EVERYBODY),
    "core.establishments": Row(EVERYBODY),
    "core.establishment": Row(EVERYBODY),
    "core.api_establishments": Row(EVERYBODY),
    "core.api_establishment": Row(EVERYBODY),
    "core.api_description": Row(EVERYBODY),
    "core.sign_in": Row(EVERYBODY, EVERYBODY),
    "core.sign_out": Row(post=EVERYBODY),
    "core.confirm": Row(EVERYBODY, EVERYBODY),
    "core.lost_login": Row(EVERYBODY, EVERYBODY),
    "core.lost_password": Row(EVERYBODY, EVERYBODY),
    "core.reset": Row(EVERYBODY, EVERYBODY),
    "core.undo_email": Row(EVERYBODY, EVERYBODY),
    "core.ungroup": Row(EVERYBODY, EVERYBODY),
    "core.link_account": Row(EVERYBODY, EVERYBODY),
    # Sessions that may do one thing only.
    "core.choose_password": Row(STARTING, STARTING),
    "core.give_email": Row(STARTING, STARTING),
    "core.skip_email": Row(post=STARTING),
    "core.await_confirmation": Row(STARTING),
    "core.resend": Row(post=STARTING),
    "core.renew_password": Row(RENEWING, RENEWING),
    # Each one's own account.
    "core.account": Row(SIGNED_IN),
    "core.change_password": Row(SIGNED_IN, SIGNED_IN),
    "core.change_email": Row(SIGNED_IN, SIGNED_IN),
    "core.enter_factor": Row(SIGNED_IN, SIGNED_IN),
    "core.second_factor": Row(STAFF),
    "core.set_up_factor": Row(STAFF, STAFF),
    "core.renew_codes": Row(post=STAFF),
    "core.remove_factor": Row(post=STAFF),
    "core.remove_telephone": Row(STAFF, STAFF),
    "core.ask_key": Row(post=SIGNED_IN, finds_nothing=True),
    "core.ask_new_key": Row(post=STAFF),
    "core.add_key": Row(STAFF, STAFF),
    "core.confirm_owner": Row(SIGNED_IN, SIGNED_IN),
    "core.remove_key": Row(SIGNED_IN, SIGNED_IN, finds_nothing=True),
    "core.sessions": Row(SIGNED_IN),
    "core.close_sessions": Row(post=SIGNED_IN),
    "core.close_session": Row(post=SIGNED_IN),
    "core.unlink": Row(SIGNED_IN, SIGNED_IN, finds_nothing=True),
    "core.my_data": Row(SIGNED_IN, SIGNED_IN),
    "core.consultations": Row(SIGNED_IN),
    # Families.
    "core.api_family": Row(FAMILIES),
    "core.children": Row(GUARDIANS),
    "core.group": Row(GUARDIANS, GUARDIANS),
    "core.undo_grouping": Row(post=GUARDIANS, finds_nothing=True),
    "core.deny_child": Row(OWN_CHILD, OWN_CHILD),
    "core.deny_child_first": Row(STARTING, STARTING, finds_nothing=True),
    "core.kept": Row(CHILD, finds_nothing=True),
    "notes.child": Row(CHILD),
    "notes.subject": Row(CHILD, finds_nothing=True),
    "notes.publication": Row(SCHOOL, MODULE, form={"part": "periods"}),
    "notes.publication_assessments": Row(SCHOOL),
    "notes.competencies": Row(SCHOOL, MODULE, form={"levels": "Non acquis\nAcquis"}),
    "notes.assessment_publication": Row(SCHOOL, SCHOOL, finds_nothing=True),
    "notes.family": Row(FAMILIES),
    "notes.messages": Row(FAMILIES, FAMILIES),
    "notes.stop": Row(EVERYBODY, EVERYBODY),
    "notes.mark_seen": Row(post=CHILD, form={"shown": ""}),
    "notes.progress": Row(CHILD),
    "notes.statement": Row(CHILD),
    "fiche.child": Row(CHILD),
    "fiche.edit": Row(CHILD, CHILD),
    "fiche.review": Row(CHILD, CHILD),
    "fiche.discard": Row(post=CHILD, form={"version": "0"}),
    "fiche.withdraw": Row(post=CHILD, finds_nothing=True),
    "fiche.confirm": Row(post=OWN_CHILD, form={"seen": ""}),
    "fiche.report": Row(CHILD, CHILD),
    "fiche.history": Row(CHILD),
    "fiche.receipt": Row(CHILD, finds_nothing=True),
    "fiche.receipt_pdf": Row(CHILD, finds_nothing=True),
    "fiche.school": Row(SCHOOL, SCHOOL),
    "fiche.proposal": Row(SCHOOL, SCHOOL, finds_nothing=True),
    "fiche.reports": Row(SCHOOL),
    "fiche.answer": Row(post=SCHOOL, form={"answer": "Corrigé."}, finds_nothing=True),
    "fiche.round": Row(SCHOOL, SCHOOL),
    "fiche.deltas": Row(SCHOOL),
    "fiche.open_delta": Row(post=SCHOOL),
    "fiche.delta": Row(SCHOOL, finds_nothing=True),
    "fiche.check": Row(EVERYBODY, EVERYBODY),
    # The establishment.
    "core.school": Row(SCHOOL),
    "core.set_opening": Row(post=MODULE, form=_CHOICE),
    "core.module": Row(SCHOOL),
    "core.module_options": Row(SCHOOL, SCHOOL),
    "core.see_as": Row(SCHOOL),
    "core.school_year": Row(SCHOOL),
    "core.copy_year": Row(post=HEADS),
    "core.welcome": Row(SCHOOL, SCHOOL),
    "core.delegations": Row(HEADS, HEADS),
    "core.end_delegation": Row(post=HEADS),
    "core.letters": Row(SCHOOL),
    "core.prepare_letters": Row(SCHOOL),
    "core.issue_letters": Row(post=SCHOOL),
    "core.jobs": Row(SCHOOL),
    "core.job": Row(SCHOOL, finds_nothing=True),
    "core.stop_job": Row(post=SCHOOL, finds_nothing=True),
    "core.resume_job": Row(post=SCHOOL, finds_nothing=True),
    "core.job_result": Row(post=SCHOOL, finds_nothing=True),
    "core.class_sheet": Row(SCHOOL),
    "core.save_sheet": Row(post=SCHOOL),
    "core.accounts": Row(SCHOOL),
    "core.school_account": Row(SCHOOL),
    "core.reissue": Row(post=SCHOOL),
    "core.resend_for": Row(post=SCHOOL),
    "core.unlock": Row(post=SCHOOL),
    "core.attachments": Row(SCHOOL),
    "core.matches": Row(SCHOOL),
    "core.match": Row(SCHOOL, finds_nothing=True),
    "core.answer_match": Row(post=SCHOOL, form={"answer": "different"}, finds_nothing=True),
    "core.imports": Row(SCHOOL),
    "core.import": Row(SCHOOL, finds_nothing=True),
    "core.undo_import": Row(post=SCHOOL, finds_nothing=True),
    "core.academy_imports": Row(ACADEMY),
    "core.academy_import": Row(ACADEMY, finds_nothing=True),
    "core.academy_undo_import": Row(post=ACADEMY, finds_nothing=True),
    "core.academy_matches": Row(ACADEMY),
    "core.academy_match": Row(ACADEMY, finds_nothing=True),
    "core.academy_answer_match": Row(
        post=ACADEMY, form={"answer": "different"}, finds_nothing=True
    ),
    "core.attachment": Row(SCHOOL),
    "core.correct_attachment": Row(post=SCHOOL),
    "core.teaching": Row(TEACHERS),
    "notes.readers": Row(TEACHERS),
    "notes.followed": Row(MODULE),
    "notes.courses": Row(TEACHERS),
    "notes.course": Row(TEACHERS, finds_nothing=True),
    "notes.new_assessment": Row(TEACHERS, TEACHERS, finds_nothing=True),
    "notes.assessment": Row(TEACHERS, TEACHERS, finds_nothing=True),
    "notes.remove_assessment": Row(post=TEACHERS, finds_nothing=True),
    "notes.grid": Row(TEACHERS, TEACHERS, finds_nothing=True),
    "notes.imports": Row(MODULE, MODULE),
    "notes.services": Row(MODULE, MODULE),
    "notes.import": Row(MODULE, MODULE, form={"choice": "drop"}, finds_nothing=True),
    # The help line, the académie.
    "core.hotline": Row(HELP),
    "core.hotline_account": Row(HELP, HELP),
    "core.hotline_family": Row(HELP),
    "core.academy": Row(ACADEMY),
    "core.academy_modules": Row(ACADEMY),
    "core.academy_module": Row(ACADEMY),
    "core.academy_decide": Row(post=ACADEMY),
    "core.academy_years": Row(ACADEMY, ACADEMY),
    "core.academy_schools": Row(ACADEMY, ACADEMY),
    "core.academy_school": Row(ACADEMY),
    "core.academy_campaigns": Row(ACADEMY, ACADEMY),
    "core.academy_campaign": Row(ACADEMY, ACADEMY),
    "core.academy_journal": Row(ACADEMY),
    "core.lifecycle": Row(ACADEMY),
    "core.incidents": Row(ACADEMY),
    "core.lost_factor": Row(ACADEMY, ACADEMY),
    "core.renewal": Row(ACADEMY, ACADEMY),
    "core.closing": Row(ACADEMY, ACADEMY),
    "core.cut_off": Row(post=ACADEMY, form={"plugin": "notes", "reason": "Essai"}),
    "core.restore": Row(post=ACADEMY),
}
