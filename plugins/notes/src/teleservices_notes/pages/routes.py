"""The addresses of the staff's pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from teleservices_core.contributions import FORM, Access, Route
from teleservices_core.usecases.site import Site
from teleservices_notes.pages.assessments import Assessments
from teleservices_notes.pages.competencies import CompetencyPages
from teleservices_notes.pages.courses import Courses
from teleservices_notes.pages.grid import GridPages
from teleservices_notes.pages.imports import LARGEST_FILE, ImportPages
from teleservices_notes.pages.own_rules import OwnRulePages
from teleservices_notes.pages.publication import PlanPages
from teleservices_notes.pages.services import ReadsServices, ServicePages, WritesServices
from teleservices_notes.usecases.class_ports import OpensClasses
from teleservices_notes.usecases.ports import Opens
from teleservices_notes.usecases.uploads import Reads


def teaching_routes(opens: OpensClasses) -> Iterator[Route]:
    """What teachers do in their classes."""
    courses, assessments, grid = Courses(opens), Assessments(opens), GridPages(opens)
    start = "/ecole/<uai>/notes"
    one = f"{start}/evaluations/<uuid:assessment_id>"
    yield Route("notes.courses", f"{start}/classes/", courses.courses, Access.TEACHER)
    yield Route("notes.course", f"{start}/classes/matiere", courses.course, Access.TEACHER)
    yield Route(
        "notes.new_assessment",
        f"{start}/classes/evaluation",
        assessments.new,
        Access.TEACHER,
        FORM,
    )
    yield Route("notes.assessment", f"{one}/", assessments.change, Access.TEACHER, FORM)
    yield Route(
        "notes.remove_assessment",
        f"{one}/supprimer",
        assessments.remove,
        Access.TEACHER,
        ("POST",),
    )
    yield Route("notes.grid", f"{one}/notes", grid.grid, Access.TEACHER, FORM, keep=grid.keep)


def import_routes(
    opens: OpensClasses, reads: Callable[[Site], Reads], columns: tuple[str, ...]
) -> Iterator[Route]:
    """How the head, or who is entrusted with the module, brings in a file."""
    pages = ImportPages(opens, reads, columns)
    start = "/ecole/<uai>/notes/imports/"
    yield Route(
        "notes.imports",
        start,
        pages.imports,
        Access.SCHOOL,
        FORM,
        max_body=LARGEST_FILE,
    )
    yield Route("notes.import", f"{start}<uuid:import_id>", pages.run, Access.SCHOOL, FORM)


def publication_routes(opens: Opens) -> Iterator[Route]:
    """What the school chooses: when families see marks, and which competencies it evaluates.

    Who may change it is checked in the act.
    """
    plan, own = PlanPages(opens), OwnRulePages(opens)
    start = "/ecole/<uai>/notes/publication"
    one = f"{start}/evaluations/<uuid:assessment_id>"
    yield Route("notes.publication", start, plan.plan, Access.SCHOOL, FORM)
    yield Route(
        "notes.publication_assessments", f"{start}/evaluations", own.assessments, Access.SCHOOL
    )
    yield Route("notes.assessment_publication", one, own.assessment, Access.SCHOOL, FORM)
    yield Route(
        "notes.competencies",
        "/ecole/<uai>/notes/competences",
        CompetencyPages(opens).competencies,
        Access.SCHOOL,
        FORM,
    )


def service_routes(
    opens: OpensClasses, reads: ReadsServices, writes: WritesServices, columns: tuple[str, ...]
) -> Iterator[Route]:
    """How they say who teaches what."""
    pages = ServicePages(opens, reads, writes, columns)
    yield Route(
        "notes.services", "/ecole/<uai>/notes/services", pages.services, Access.SCHOOL, FORM
    )
