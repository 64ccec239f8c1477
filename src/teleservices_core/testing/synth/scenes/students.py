"""Scenes about students: majority, change of school, unusual records."""

from __future__ import annotations

from datetime import date, timedelta

from attrs import evolve

from teleservices_core.domain.roster import Kinship, Sex
from teleservices_core.testing.synth.family import Enrolled, Family, Figure
from teleservices_core.testing.synth.personas import Part, Scene, Stage
from teleservices_core.testing.synth.scenes.props import (
    COLLEGE,
    LYCEE,
    LYCEE_PRO,
    OTHER_COLLEGE,
    PREMIERE,
    QUATRIEME,
    SECONDE,
    TERMINALE,
    TERMINALE_PRO,
    but,
    father,
    home,
    mother,
)


def of_age(stage: Stage) -> Scene:
    """An adult student with his parents still recorded."""
    house = home("8 place de l'Ancien-Marché")
    mum = evolve(mother("MARCHAL", "Florence", house, 5), email="florence.marchal@example.org")
    child = stage.child(LYCEE, TERMINALE, "MARCHAL", "Théo", Sex.MALE)
    born_on = date(stage.students.year.start - 18, 1, 15)
    child = but(child, born_on=born_on, repeats=True, email="theo.marchal@example.org")
    return Scene(
        Family((child,), (mum,)),
        (
            Part("eleve_majeur", 0, "Élève de 18 ans au lycée : décide pour lui-même."),
            Part(
                "parent_de_majeur",
                mum,
                "Mère d’un élève majeur : lit encore ce que le module laisse aux parents.",
            ),
        ),
    )


def soon_of_age(stage: Stage) -> Scene:
    """A birthday within three weeks of the export: travel in time to see the switch."""
    house = home("51 rue des Quatre-Vents")
    dad = evolve(
        father("PERRIN", "Gilles", house, 6), lodges=True, email="gilles.perrin@example.com"
    )
    child = stage.child(LYCEE, TERMINALE, "PERRIN", "Léonie", Sex.FEMALE)
    birthday = stage.students.exported_at.date() + timedelta(days=20)
    # No birthday on 29 February: the day before is as good.
    birthday = birthday.replace(day=28) if (birthday.month, birthday.day) == (2, 29) else birthday
    child = but(child, born_on=birthday.replace(year=birthday.year - 18), repeats=True)
    return Scene(
        Family((child,), (dad,)),
        (
            Part(
                "bientot_majeure",
                0,
                "Élève qui aura 18 ans vingt jours après l’export : tout change à minuit.",
            ),
        ),
    )


def own_guardian(stage: Stage) -> Scene:
    """Kinship 70."""
    child = stage.child(LYCEE_PRO, TERMINALE_PRO, "RAHMANI", "Mehdi", Sex.MALE)
    born_on = date(stage.students.year.start - 19, 5, 4)
    child = but(child, born_on=born_on, repeats=True, email="mehdi.rahmani@example.org")
    himself = Figure(
        "RAHMANI",
        "Mehdi",
        "M.",
        kinship=Kinship.SELF,
        home=home("5 sentier de la Garenne"),
        mobile="06 39 98 00 14",
        email="mehdi.rahmani@example.org",
        pays_fees=True,
        lodges=True,
        contact_first=True,
    )
    return Scene(
        Family((child,), (himself,)),
        (
            Part(
                "autonome_responsable",
                himself,
                "Élève majeur, son propre responsable (lien 70) : les actes d’un responsable.",
            ),
            Part("autonome_eleve", 0, "Le même jeune, vu comme élève."),
        ),
    )


def without_class(stage: Stage) -> Scene:
    """Not yet assigned."""
    mum = mother("THÉVENIN", "Magali", home("70 rue des Blés-d'Or"), 15)
    mum = evolve(mum, email="magali.thevenin@example.org")
    child = stage.child(LYCEE, SECONDE, "THÉVENIN", "Rose", Sex.FEMALE)
    child = but(child, class_group="", groups=())
    return Scene(
        Family((child,), (mum,)),
        (Part("sans_classe", 0, "Élève sans classe : aucune note, mais un compte."),),
    )


def gone(stage: Stage) -> Scene:
    """Left one collège for the other in the autumn, with the same INE."""
    mum = mother("CORDIER", "Estelle", home("11 square des Bleuets", 1), 16)
    mum = evolve(mum, email="estelle.cordier@example.org")
    old = stage.child(COLLEGE, QUATRIEME, "CORDIER", "Ambre", Sex.FEMALE)
    new = stage.child(OTHER_COLLEGE, QUATRIEME, "CORDIER", "Ambre", Sex.FEMALE)
    exported_on = stage.students.exported_at.date()
    old = but(old, left_on=exported_on - timedelta(days=24), exit_reason="11")
    new = but(_same_person(new, old), entered_on=exported_on - timedelta(days=8))
    return Scene(
        Family((new, old), (mum,)),
        (
            Part(
                "partie_eleve",
                0,
                "Élève sortie d’un collège à l’automne, arrivée dans l’autre : garde son compte.",
                also=(1,),
            ),
            Part(
                "partie_mere",
                mum,
                "Mère d’une élève qui a changé de collège : deux fiches, une seule enfant.",
            ),
        ),
    )


def _same_person(record: Enrolled, known: Enrolled) -> Enrolled:
    student = known[1]
    return but(
        record,
        ine=student.ine,
        old_ine=student.old_ine,
        born_on=student.born_on,
        birth_country=student.birth_country,
        birth_town=student.birth_town,
        birth_insee=student.birth_insee,
        nationality=student.nationality,
    )


def written_with_accents(stage: Stage) -> Scene:
    """Names with an apostrophe, hyphens, ligature and diaeresis, up to the rare ÿ."""
    house = home("16 rue de l'Étang")
    dad = evolve(
        father("D'ŒUVREY-L'HAŸ", "Loïc-François", house, 17),
        lodges=True,
        email="loic.doeuvrey@example.org",
    )
    child = stage.child(LYCEE, PREMIERE, "D'ŒUVREY-L'HAŸ", "Zoé-Maëlys", Sex.FEMALE)
    return Scene(
        Family((child,), (dad,)),
        (
            Part(
                "accents_eleve",
                0,
                "Nom à apostrophes, traits d’union et diacritiques : identifiant, tri, lettre.",
            ),
            Part("accents_pere", dad, "Le père, au prénom composé."),
        ),
    )
