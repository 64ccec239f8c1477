"""Tables of the scratch database, and the checks that need several records."""

from __future__ import annotations

from typing import Final

from teleservices_core.i18n import _

SCHEMA: Final = """
CREATE TABLE students (siecle_id, last_name, first_name, born_on, usage_name, sex, ine,
  former_ine, mef, status, boarding, entered_on, left_on, class_group, address_id, address, phone,
  mobile, work_phone, accepts_sms, email, birth_country, birth_town, birth_insee, nationality,
  repeats, uses_transport, origin, former_uai, former_mef, former_class_group, file, line);
CREATE TABLE student_addresses (siecle_id, address, file, line);
CREATE TABLE structures (student_id, class_group, extra, file, line);
CREATE TABLE adults (siecle_id, last_name, first_name, title, usage_name, email, mobile,
  phone, address_id, address, work_phone, accepts_sms, shares_contact, occupation, file, line);
CREATE TABLE addresses (siecle_id, address, file, line);
CREATE TABLE links (student_id, adult_id, level, kinship, pays_fees, receives_aid, lodges,
  contact_first, file, line);
CREATE TABLE class_groups (code, kind, label, mef, file, line);
CREATE TABLE nomenclature (kind, code, short_label, long_label, file, line);

CREATE TABLE rejected (file, line, element, key, reason);
CREATE TABLE alerts (file, line, element, key, reason);
CREATE TABLE withheld (kind, siecle_id, ine);

CREATE TABLE pupils (siecle_id PRIMARY KEY, entity_id, is_known, has_ine, is_present, name,
  takes_ine) WITHOUT ROWID;
CREATE TABLE people (siecle_id PRIMARY KEY, entity_id, is_known) WITHOUT ROWID;
CREATE TABLE enrolled (student_id PRIMARY KEY, siecle_id, ine, name) WITHOUT ROWID;
"""
"""``withheld`` holds whom the rejected records are about: kind ``student``,
``adult`` or ``link`` (by ELEVE_ID), an empty key when it could not be read.
``pupils`` and ``people`` hold whom the others are about, once identified;
``enrolled`` those whom the establishment had before."""

INDEXES: Final = """
CREATE INDEX students_id ON students (siecle_id);
CREATE INDEX students_ine ON students (ine);
CREATE INDEX structures_student ON structures (student_id);
CREATE INDEX adults_id ON adults (siecle_id);
CREATE INDEX addresses_id ON addresses (siecle_id);
CREATE INDEX student_addresses_id ON student_addresses (siecle_id);
CREATE INDEX links_student ON links (student_id, adult_id);
CREATE INDEX links_adult ON links (adult_id);
CREATE INDEX withheld_id ON withheld (kind, siecle_id);
CREATE INDEX withheld_ine ON withheld (ine);
"""

TAGS: Final = {
    "students": "ELEVE",
    "structures": "STRUCTURES_ELEVE",
    "adults": "PERSONNE",
    "addresses": "ADRESSE",
    "student_addresses": "ADRESSE",
    "links": "RESPONSABLE_ELEVE",
    "class_groups": "DIVISION",
    "nomenclature": "CODE",
}

KEYS: Final = {
    "students": "siecle_id",
    "structures": "student_id",
    "adults": "siecle_id",
    "addresses": "siecle_id",
    "student_addresses": "siecle_id",
    "links": "student_id || '/' || adult_id",
    "class_groups": "code",
    "nomenclature": "kind || '/' || code",
}

WITHHOLD: Final = {
    "students": "SELECT 'student', siecle_id, coalesce(ine, '') FROM students r",
    "adults": "SELECT 'adult', siecle_id, '' FROM adults r",
    "links": "SELECT 'link', student_id, '' FROM links r",
}


def _twice(table: str, *columns: str, where: str = "true") -> str:
    names = ", ".join(columns)
    return (
        f"({names}) IN (SELECT {names} FROM {table} WHERE {where} "  # noqa: S608
        f"GROUP BY {names} HAVING count(*) > 1)"
    )


def _absent(column: str, table: str, kind: str) -> str:
    return (
        f"NOT EXISTS (SELECT 1 FROM {table} x WHERE x.siecle_id = r.{column}) AND NOT EXISTS "  # noqa: S608
        f"(SELECT 1 FROM withheld w WHERE w.kind = '{kind}' AND w.siecle_id = r.{column})"
    )


def _set_aside(column: str, kind: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM withheld w "  # noqa: S608
        f"WHERE w.kind = '{kind}' AND w.siecle_id = r.{column})"
    )


def student_aside() -> str:
    """Why a record about a student set aside is set aside too."""
    return _("l’élève a été écarté")


def adult_aside() -> str:
    """The same for an adult."""
    return _("la personne a été écartée")


def person_checks() -> list[tuple[str, str, str]]:
    """(table, condition, reason): what sets a person or an address aside."""
    return [
        ("students", _twice("students", "siecle_id"), _("ELEVE_ID présent deux fois")),
        ("adults", _twice("adults", "siecle_id"), _("PERSONNE_ID présent deux fois")),
        *(
            (table, _twice(table, "siecle_id"), _("ADRESSE_ID présent deux fois"))
            for table in ("addresses", "student_addresses")
        ),
        (
            "class_groups",
            _twice("class_groups", "code"),
            _("division ou groupe présent deux fois"),
        ),
        ("nomenclature", _twice("nomenclature", "kind", "code"), _("code présent deux fois")),
    ]


SHARED_INE: Final = f"""
CREATE TEMP TABLE doubtful AS SELECT r.rowid AS id FROM students r
WHERE {_twice("students", "ine", where="ine IS NOT NULL")} AND NOT (r.left_on IS NULL AND
  (SELECT count(*) FROM students o WHERE o.ine = r.ine AND o.left_on IS NULL) = 1)
"""  # noqa: S608
"""Students whose national identifier another one has too: it says nothing about either, unless
one only has not left."""
FORGET_INE: Final = "UPDATE students SET ine = NULL WHERE rowid IN (SELECT id FROM doubtful)"


def shared_ine_alerts() -> list[tuple[str, str]]:
    """(query, reason) about them."""
    return [
        (
            """
            SELECT file, line, 'ELEVE', siecle_id FROM students
            WHERE rowid IN (SELECT id FROM doubtful)
            """,
            _("identifiant national présent deux fois : laissé de côté, corrigez-le dans SIECLE"),
        )
    ]


def structure_checks() -> list[tuple[str, str, str]]:
    """What sets a STRUCTURES_ELEVE aside, when the students are there."""
    return [
        ("structures", _set_aside("student_id", "student"), student_aside()),
        (
            "structures",
            _absent("student_id", "students", "student"),
            _("élève absent du fichier"),
        ),
    ]


def link_checks(*, has_students: bool) -> list[tuple[str, str, str]]:
    """What sets a RESPONSABLE_ELEVE aside."""
    checks = [
        (
            "links",
            _twice("links", "student_id", "adult_id"),
            _("la même personne est deux fois responsable du même élève"),
        ),
        ("links", _set_aside("adult_id", "adult"), adult_aside()),
        ("links", _absent("adult_id", "adults", "adult"), _("personne absente du fichier")),
    ]
    if has_students:
        checks += [
            ("links", _set_aside("student_id", "student"), student_aside()),
            (
                "links",
                _absent("student_id", "students", "student"),
                _("élève absent du fichier des élèves"),
            ),
        ]
    return checks


CLASS_GROUPS: Final = """
UPDATE students SET class_group = coalesce(
  (SELECT min(s.class_group) FROM structures s
   WHERE s.student_id = students.siecle_id AND s.class_group <> ''), '')
"""

PEOPLE_BY_ADDRESSES: Final = {"addresses": "adults", "student_addresses": "students"}
"""Each file has its own addresses, for its own people."""


def settle_addresses(table: str) -> str:
    """Give people their addresses from a table of those, where they have an identifier."""
    people = PEOPLE_BY_ADDRESSES[table]
    return f"""
UPDATE {people} SET address = CASE WHEN address_id = '' THEN :none ELSE
  (SELECT a.address FROM {table} a WHERE a.siecle_id = {people}.address_id) END
"""  # noqa: S608


def structure_alerts() -> list[tuple[str, str]]:
    """(query, reason) about divisions."""
    return [
        (
            "SELECT file, line, 'ELEVE', siecle_id FROM students WHERE class_group = ''",
            _("élève sans division : enregistré sans classe"),
        ),
        (
            """
            SELECT s.file, s.line, 'STRUCTURES_ELEVE', s.student_id FROM structures s
            JOIN students e ON e.siecle_id = s.student_id
            WHERE s.extra <> '' OR (s.class_group <> '' AND s.class_group <> e.class_group)
            """,
            _("élève dans deux divisions : la première par ordre alphabétique est retenue"),
        ),
    ]


def address_alerts(table: str) -> list[tuple[str, str]]:
    """(query, reason) about the addresses of a table."""
    people = PEOPLE_BY_ADDRESSES[table]
    return [
        (
            f"""
            SELECT file, line, '{TAGS[people]}', siecle_id FROM {people}
            WHERE address IS NULL AND address_id <> ''
            """,  # noqa: S608
            _("ADRESSE_ID sans adresse dans le fichier : adresse laissée comme elle était"),
        ),
    ]


def guardian_alerts() -> list[tuple[str, str]]:
    """(query, reason) about legal guardians, when both files are there."""
    legal = "(SELECT count(*) FROM links l WHERE l.student_id = s.siecle_id AND l.level = 1)"
    return [
        (
            f"""
            SELECT file, line, 'ELEVE', siecle_id FROM students s
            WHERE {legal} = 0 AND s.left_on IS NULL
            """,  # noqa: S608
            _("aucun représentant légal (niveau 1)"),
        ),
        (
            f"SELECT file, line, 'ELEVE', siecle_id FROM students s WHERE {legal} > 2",  # noqa: S608
            _("plus de deux représentants légaux : tous gardés, vérifiez dans SIECLE"),
        ),
    ]
