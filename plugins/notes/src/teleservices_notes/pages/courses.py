"""A teacher's classes, and the assessments of one of them."""

from __future__ import annotations

from itertools import groupby

from attrs import frozen

from teleservices_core.domain.values import Uai
from teleservices_core.i18n import _, ngettext, show_date
from teleservices_core.web.context import Context
from teleservices_core.web.pages.school import establishment_of
from teleservices_core.web.responses import Page
from teleservices_notes.model import Assessment, Counting
from teleservices_notes.pages.when_shown import when_shown
from teleservices_notes.teaching_words import COUNTING_SHORT
from teleservices_notes.usecases.assessing import course_page
from teleservices_notes.usecases.class_ports import OpensClasses
from teleservices_notes.usecases.entering import typed_at
from teleservices_notes.usecases.teaching import Taught, taught_courses
from teleservices_notes.words import show_figure


@frozen
class CourseLink:
    """A course in a list."""

    label: str
    teachers: str
    href: str


@frozen
class AssessmentLine:
    """An assessment in the list of a course."""

    title: str
    hint: str
    """The day, the scale, how it counts."""
    entered: str
    is_complete: bool
    shown: tuple[str, ...]
    """When families see what is entered now; empty where it is the same for all."""
    grid: str
    change: str


@frozen
class Courses:
    """The handlers, given how to open the store."""

    opens: OpensClasses

    def courses(self, context: Context, uai: str) -> Page:
        """The classes of who is looking, each with its subjects."""
        establishment = establishment_of(context, uai)
        taught = taught_courses(context.site, context.me, establishment.uai, self.opens)
        return Page(
            "notes/courses.html",
            {
                "establishment": establishment,
                "is_head": context.me.heads(establishment.uai),
                "year": context.site.school_year(),
                "waiting": [
                    CourseLink(
                        _("{title}, {group}").format(title=each.title, group=each.class_group),
                        "",
                        context.urls.to("notes.grid", uai=uai, assessment_id=each.id),
                    )
                    for each in typed_at(context.site, context.me, establishment.uai, self.opens)
                ],
                "classes": [
                    (group, [_link(context, each) for each in courses])
                    for group, courses in groupby(taught, lambda each: each.course.class_group)
                ],
            },
        )

    def course(self, context: Context, uai: str) -> Page:
        """The assessments of a course, the latest first."""
        establishment = establishment_of(context, uai)
        group, code = asked_course(context)
        site = context.site
        page = course_page(site, context.me, Uai(uai), group, code, self.opens)
        shown = {
            each.id: tuple(when_shown(each, page.plan, page.shut, site.now(), site.academie.zone))
            for each, _number in page.assessments
        }
        # Said once for all where it is the same for all.
        common = next(iter(shown.values())) if len(set(shown.values())) == 1 else ()
        return Page(
            "notes/course.html",
            {
                "establishment": establishment,
                "course": page.taught.course,
                "teachers": ", ".join(page.taught.teachers),
                "pupils": page.pupils,
                "assessments": [
                    AssessmentLine(
                        title=each.title,
                        hint=_hint(each),
                        entered=_("{n} sur {of}").format(n=number, of=page.pupils),
                        is_complete=number >= page.pupils,
                        shown=() if common else shown[each.id],
                        grid=context.urls.to("notes.grid", uai=uai, assessment_id=each.id),
                        change=context.urls.to("notes.assessment", uai=uai, assessment_id=each.id),
                    )
                    for each, number in page.assessments
                ],
                "shown": common,
                "new": context.urls.to("notes.new_assessment", uai=uai, classe=group, matiere=code),
                "back": context.urls.to("notes.courses", uai=uai),
            },
        )


def asked_course(context: Context) -> tuple[str, str]:
    """The class and the subject that the address names."""
    asked = context.request.args
    return asked.get("classe", ""), asked.get("matiere", "")


def course_href(context: Context, assessment: Assessment) -> str:
    """The page of an assessment's course."""
    return context.urls.to(
        "notes.course",
        uai=assessment.uai.code,
        classe=assessment.class_group,
        matiere=assessment.subject.code,
    )


def _link(context: Context, taught: Taught) -> CourseLink:
    course = taught.course
    return CourseLink(
        course.subject.label,
        ", ".join(taught.teachers),
        context.urls.to(
            "notes.course",
            uai=course.uai.code,
            classe=course.class_group,
            matiere=course.subject.code,
        ),
    )


def _hint(assessment: Assessment) -> str:
    said = [
        show_date(assessment.given_on),
        _("sur {out_of}").format(out_of=show_figure(assessment.out_of)),
        _("coefficient {weight}").format(weight=show_figure(assessment.weight)),
    ]
    if assessment.counting is not Counting.COMPULSORY:
        said.append(COUNTING_SHORT[assessment.counting]())
    if number := len(assessment.competencies):
        said.append(ngettext("{n} compétence", "{n} compétences", number).format(n=number))
    return ", ".join(said)
