"""notes.csv: the marks of the first term, one row per mark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from attrs import define, field, frozen

from teleservices_core.testing.synth.formations import (
    FRENCH,
    GRADES_BY_MEF,
    HISTORY,
    LANGUAGES,
    MATHS,
    Grade,
    Subject,
)
from teleservices_core.testing.synth.model import SynthHousehold
from teleservices_core.testing.synth.offices import SynthStaff
from teleservices_core.testing.synth.records import french_date
from teleservices_core.testing.synth.words import FATHERS, MOTHERS, SURNAMES

MARKS_HEADER: Final = (
    "classe;matiere;libelle_matiere;enseignant;evaluation;date;sur;coefficient;facultative;"
    "publication;ine;note;saisie_le"
)
SERVICES_HEADER: Final = "classe;matiere;libelle_matiere;enseignant;courriel"
_SUBJECTS_OF_STAFF: Final = (MATHS.code, FRENCH.code, HISTORY.code)

_CLASSES: Final = 6
"""Of a member of staff."""
_KINDS: Final = ("Contrôle", "Contrôle", "Devoir maison", "Interrogation", "Oral", "Évaluation")
_OUT_OF: Final = (20, 20, 20, 20, 20, 10, 10, 40, 5)
_WEIGHTS: Final = ("1", "1", "1", "2", "0,5")
_STATUSES: Final = ("abs", "abs", "abs", "disp", "nn", "nr")
_STATUS_SHARE: Final = 0.035
_LATE_SHARE: Final = 0.03
_HALVES: Final = tuple(
    f"{points // 2}{',5' if points % 2 else ''}" for points in range(max(_OUT_OF) * 2 + 1)
)
"""Marks by half points, as teachers write them."""


@frozen
class _Pupil:
    ine: str
    ability: float
    """Share of the points that the student usually gets."""
    from_on: date
    until_on: date
    subjects: tuple[str, ...]
    """Codes of the options, languages among them."""


@frozen
class Assessment:
    """A test set to a class."""

    name: str
    on: date
    out_of: int
    weight: str
    optional: bool
    published_on: date | None
    """Publication date; None leaves it to the establishment's mode."""
    entered_at: datetime


@define
class MarkBook:
    """Collects an establishment's students, then writes their marks.

    Holds about 300 bytes per student of the establishment under way.
    """

    rng: Random
    exported_at: datetime
    starts_on: date
    staff: tuple[SynthStaff, ...] = ()
    """Teachers with an account; each teaches one subject to some classes."""
    _classes: dict[str, tuple[Grade, list[_Pupil]]] = field(init=False, factory=dict)
    _teachers: tuple[str, ...] = field(init=False)
    _services: list[str] = field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        self._teachers = tuple(self._teacher() for _ in range(40))

    def add(self, household: SynthHousehold) -> None:
        """Take note of the students who have a class and an INE."""
        for student in household.students:
            if student.ine is None or not student.class_group or student.mef is None:
                continue
            pupil = _Pupil(
                student.ine.code,
                min(0.95, max(0.15, self.rng.gauss(0.62, 0.15))),
                student.entered_on or self.starts_on,
                student.left_on or date.max,
                tuple(option.subject for option in student.options),
            )
            grade = GRADES_BY_MEF[student.mef.code]
            self._classes.setdefault(student.class_group, (grade, []))[1].append(pupil)

    def write(self, path: Path) -> int:
        """Write the file, UTF-8, and give the number of marks."""
        rows = 0
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(MARKS_HEADER + "\n")
            for code in sorted(self._classes):
                grade, pupils = self._classes[code]
                for subject, concerned in self._taught(grade, pupils):
                    lines = self._subject_rows(code, subject, concerned)
                    rows += len(lines)
                    file.writelines(lines)
        return rows

    def write_services(self, path: Path) -> None:
        """Write who teaches what to which class, once the marks are written; UTF-8."""
        path.write_text("\n".join([SERVICES_HEADER, *self._services, ""]), encoding="utf-8")

    def _serves(self, class_group: str, subject: Subject, teacher: str) -> str:
        """Note a service, with an account where somebody of the staff teaches it; his name."""
        email = ""
        for one, code in zip(self.staff, _SUBJECTS_OF_STAFF, strict=False):
            has_room = sum(line.endswith(f";{one.email}") for line in self._services) < _CLASSES
            if subject.code == code and has_room:
                teacher, email = one.short_name, one.email
        self._services.append(f"{class_group};{subject.code};{subject.label};{teacher};{email}")
        return teacher

    def _taught(
        self, grade: Grade, pupils: Sequence[_Pupil]
    ) -> Iterator[tuple[Subject, Sequence[_Pupil]]]:
        for subject in grade.subjects:
            yield subject, pupils
        for language in LANGUAGES if grade.second_language else ():
            concerned = [pupil for pupil in pupils if language.code in pupil.subjects]
            if concerned:
                yield language, concerned

    def _subject_rows(
        self, class_group: str, subject: Subject, pupils: Sequence[_Pupil]
    ) -> list[str]:
        teacher = self._serves(class_group, subject, self.rng.choice(self._teachers))
        rows: list[str] = []
        for assessment in self._assessments(subject):
            start = ";".join(
                (
                    class_group,
                    subject.code,
                    subject.label,
                    teacher,
                    assessment.name,
                    french_date(assessment.on),
                    str(assessment.out_of),
                    assessment.weight,
                    "oui" if assessment.optional else "non",
                    french_date(assessment.published_on),
                    "",
                )
            )
            rows += self._rows(start, assessment, pupils)
        return rows

    def _rows(self, start: str, assessment: Assessment, pupils: Sequence[_Pupil]) -> list[str]:
        draw = self.rng.random
        stamp = _stamp(assessment.entered_at)
        hardness = draw() * 0.2 - 0.1
        most = assessment.out_of * 2
        rows = []
        for pupil in pupils:
            if not pupil.from_on <= assessment.on < pupil.until_on:
                continue
            if draw() < _STATUS_SHARE:
                mark = _STATUSES[int(draw() * len(_STATUSES))]
            else:
                share = pupil.ability - hardness + (draw() + draw() - 1) * 0.25
                mark = _HALVES[min(most, max(0, int(share * most + 0.5)))]
            late = draw() < _LATE_SHARE
            rows.append(f"{start}{pupil.ine};{mark};{self._late(assessment) if late else stamp}\n")
        return rows

    def _assessments(self, subject: Subject) -> Iterator[Assessment]:
        """Tests spread from the second week of class to the day of the export."""
        rng = self.rng
        last = self.exported_at.date()
        first = self.starts_on + timedelta(days=6)
        number = 1 + int(rng.random() * 2) + (len(subject.themes) > 1) + (len(subject.themes) > 3)
        step = max(1.0, (last - first).days / number)
        for rank in range(number):
            on = _school_day(first + timedelta(days=int((rank + rng.random()) * step)), last)
            theme = f" : {subject.themes[rank % len(subject.themes)]}" if subject.themes else ""
            published_on = None
            if rng.random() < 0.5:
                published_on = on + timedelta(days=8 + int(rng.random() * 18))
            yield Assessment(
                name=f"{rng.choice(_KINDS)} {rank + 1}{theme}",
                on=on,
                out_of=rng.choice(_OUT_OF),
                weight=rng.choice(_WEIGHTS),
                optional=rng.random() < 0.06,
                published_on=published_on,
                entered_at=self._entered_at(on, 1 + int(rng.random() * 8)),
            )

    def _entered_at(self, on: date, days: int) -> datetime:
        """Some evening after a test; at the latest the afternoon of the export."""
        rng = self.rng
        entered_at = datetime.combine(
            on + timedelta(days=days), datetime.min.time(), self.exported_at.tzinfo
        ).replace(hour=17 + int(rng.random() * 5), minute=int(rng.random() * 60))
        if entered_at.date() < self.exported_at.date():
            return entered_at
        return self.exported_at - timedelta(minutes=5 + int(rng.random() * 240))

    def _late(self, assessment: Assessment) -> str:
        """When a mark was entered or corrected after the others."""
        entered_at = self._entered_at(assessment.on, 9 + int(self.rng.random() * 12))
        return _stamp(max(entered_at, assessment.entered_at))

    def _teacher(self) -> str:
        woman = self.rng.random() < 0.6
        names = MOTHERS if woman else FATHERS
        initial = self.rng.choice(names)[0]
        return f"{'Mme' if woman else 'M.'} {initial}. {self.rng.choice(SURNAMES)}"


def _school_day(day: date, last: date) -> date:
    """The day itself, or the Monday after a week-end; never after ``last``."""
    day += timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)
    return min(day, last)


def _stamp(at: datetime) -> str:
    return f"{french_date(at.date())} {at.hour:02d}:{at.minute:02d}"
