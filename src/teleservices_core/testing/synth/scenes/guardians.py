"""Scenes about guardians: what each may see of whom."""

from __future__ import annotations

from attrs import evolve

from teleservices_core.domain.establishments import PostalAddress
from teleservices_core.domain.roster import Kinship, Level, Sex
from teleservices_core.testing.synth.family import Family, Figure, Home, plainer
from teleservices_core.testing.synth.personas import Part, Scene, Stage
from teleservices_core.testing.synth.scenes.props import (
    CAP,
    CINQUIEME,
    COLLEGE,
    LYCEE,
    LYCEE_PRO,
    OTHER_COLLEGE,
    QUATRIEME,
    SECONDE,
    SIXIEME,
    TROISIEME,
    father,
    home,
    mother,
)


def siblings(stage: Stage) -> Scene:
    """Four children in three establishments."""
    house = home("14 allée des Mésanges")
    mum = evolve(
        mother("LEFÈVRE-AUBRY", "Nadège", house, 1), email="nadege.lefevre-aubry@example.org"
    )
    dad = evolve(father("AUBRY", "Rémi", house, 2), lodges=True, email="remi.aubry@example.com")
    children = (
        stage.child(COLLEGE, SIXIEME, "AUBRY", "Malo", Sex.MALE),
        stage.child(COLLEGE, QUATRIEME, "AUBRY", "Suzanne", Sex.FEMALE),
        stage.child(LYCEE, SECONDE, "AUBRY", "Baptiste", Sex.MALE),
        stage.child(LYCEE_PRO, CAP, "AUBRY", "Capucine", Sex.FEMALE),
    )
    return Scene(
        Family(children, (mum, dad)),
        (
            Part(
                "fratrie_mere",
                mum,
                "Quatre enfants dans trois établissements : une seule personne au collège, "
                "d’autres notifications pour les lycées.",
            ),
            Part("fratrie_eleve", 1, "Élève mineure de collège : voit ses propres notes."),
        ),
        # The lycée professionnel left the hyphen out.
        spelling=lambda figure, school: plainer(figure) if school == 2 else figure,
    )


def separated(stage: Stage) -> Scene:
    """Two legal guardians at two addresses."""
    mum = evolve(
        mother("GILLET", "Sandrine", home("3 rue du Lavoir"), 3),
        email="sandrine.gillet@example.org",
    )
    dad = evolve(
        father("BENALI", "Karim", home("27 boulevard du Canal", 1, "Brévigny-les-Forges"), 4),
        email="karim.benali@example.com",
    )
    child = stage.child(COLLEGE, CINQUIEME, "BENALI", "Inès", Sex.FEMALE)
    return Scene(
        Family((child,), (mum, dad)),
        (
            Part(
                "separes_mere",
                mum,
                "Parents séparés : mêmes droits que le père, sans jamais voir ses coordonnées.",
            ),
            Part(
                "separes_pere",
                dad,
                "Parents séparés : mêmes droits que la mère, sans jamais voir ses coordonnées.",
            ),
        ),
    )


def in_care(stage: Stage) -> Scene:
    """A service as guardian, a foster carer in charge."""
    service = Figure(
        "AIDE SOCIALE À L'ENFANCE",
        kinship=Kinship.CHILD_WELFARE,
        home=home("1 cours des Halles", 2, "Valmoré-sur-Ozerain"),
        phone="0353010007",
        email="ase.valmore@example.org",
        pays_fees=True,
    )
    carer = evolve(
        mother("ROCHE", "Corinne", home("6 chemin des Vignes"), 8),
        email="c.roche@example.org",
        level=Level.IN_CHARGE,
        kinship=Kinship.FOSTER_CARER,
        pays_fees=False,
    )
    child = stage.child(COLLEGE, TROISIEME, "VOISIN", "Kylian", Sex.MALE)
    return Scene(
        Family((child,), (service, carer)),
        (
            Part(
                "confie_service",
                service,
                "Service de l’aide sociale à l’enfance : représentant légal sans civilité ni "
                "prénom.",
            ),
            Part(
                "confie_accueil",
                carer,
                "Assistante familiale : suit la scolarité, sans l’autorité parentale.",
            ),
            Part("confie_eleve", 0, "Élève confié à un service, logé en famille d’accueil."),
        ),
    )


def in_charge(stage: Stage) -> Scene:
    """A person in charge and a contact beside one legal guardian."""
    house = home("19 rue des Glycines")
    mum = evolve(mother("MOULIN", "Aurélie", house, 9), email="aurelie.moulin@example.org")
    partner = evolve(
        father("WEBER", "Cyril", house, 10),
        kinship=Kinship.OTHER,
        level=Level.IN_CHARGE,
        lodges=True,
        email="cyril.weber@example.com",
    )
    grandmother = evolve(
        mother("MOULIN", "Françoise", home("2 impasse du Pressoir"), 11),
        level=Level.CONTACT,
        kinship=Kinship.ASCENDANT,
        lodges=False,
        pays_fees=False,
        contact_first=False,
        email="francoise.moulin@example.org",
    )
    child = stage.child(COLLEGE, SIXIEME, "MOULIN", "Lina", Sex.FEMALE)
    return Scene(
        Family((child,), (mum, partner, grandmother)),
        (
            Part(
                "en_charge",
                partner,
                "Beau-père, personne en charge (niveau 2) : suit la scolarité comme un parent.",
            ),
            Part(
                "contact",
                grandmother,
                "Grand-mère, personne à contacter (niveau 3) : n’a pas de compte.",
            ),
        ),
    )


def shared_email(stage: Stage) -> Scene:
    """One address for two persons, hence for two accounts."""
    house = home("33 route de la Tuilerie")
    shared = "famille.picard@example.org"
    mum = evolve(mother("PICARD", "Hélène", house, 12), email=shared)
    dad = evolve(father("PICARD", "Thierry", house, 13), lodges=True, email=shared)
    child = stage.child(COLLEGE, CINQUIEME, "PICARD", "Oscar", Sex.MALE)
    return Scene(
        Family((child,), (mum, dad)),
        (
            Part(
                "courriel_partage_mere",
                mum,
                "Même adresse électronique que le père, mais un compte à elle.",
            ),
            Part(
                "courriel_partage_pere",
                dad,
                "Même adresse électronique que la mère, mais un compte à lui.",
            ),
        ),
    )


def abroad(stage: Stage) -> Scene:
    """A guardian abroad, the other in France."""
    belgium = Home(PostalAddress(("24 rue des Drapiers",), "", "Tournai", "Belgique"), "", "131")
    mum = evolve(
        mother("JANVIER", "Bénédicte", belgium, 18),
        lodges=False,
        contact_first=False,
        email="benedicte.janvier@example.com",
        phone="+33199000018",
    )
    dad = evolve(
        father("DUFOUR", "Hervé", home("9 avenue des Érables"), 19),
        lodges=True,
        email="herve.dufour@example.org",
    )
    child = stage.child(OTHER_COLLEGE, TROISIEME, "DUFOUR", "Étienne", Sex.MALE)
    return Scene(
        Family((child,), (mum, dad)),
        (Part("etranger", mum, "Mère à l’étranger : adresse sans code postal, mêmes droits."),),
    )


def out_of_reach(stage: Stage) -> Scene:
    """Neither e-mail nor mobile in the school base."""
    mum = evolve(
        mother("HAMIDI", "Zohra", home("22 rue du Four-à-Chaux"), 20),
        mobile="",
        phone="0353010020",
        accepts_sms=False,
    )
    child = stage.child(COLLEGE, TROISIEME, "HAMIDI", "Ilyes", Sex.MALE)
    return Scene(
        Family((child,), (mum,)),
        (
            Part(
                "sans_courriel",
                mum,
                "Mère sans courriel ni mobile connus de l’établissement : la lettre suffit.",
            ),
        ),
    )


def blended(stage: Stage) -> Scene:
    """Half-brother and sister: each father is linked to his own child only."""
    house = home("40 rue de la Passerelle")
    mum = mother("LACROIX", "Mélanie", house, 21)
    mum = evolve(mum, email="melanie.lacroix@example.org")
    first = evolve(
        father("GARNIER", "Fabrice", home("4 rue du Haut-Bourg", 1), 22),
        of=(0,),
        email="fabrice.garnier@example.com",
    )
    second = evolve(
        father("TOURÉ", "Ousmane", house, 23),
        of=(1,),
        lodges=True,
        email="ousmane.toure@example.org",
    )
    children = (
        stage.child(COLLEGE, TROISIEME, "GARNIER", "Lucas", Sex.MALE),
        stage.child(COLLEGE, SIXIEME, "TOURÉ", "Kadiatou", Sex.FEMALE),
    )
    return Scene(
        Family(children, (mum, first, second)),
        (
            Part("recomposee_mere", mum, "Famille recomposée : voit ses deux enfants."),
            Part(
                "recomposee_pere",
                first,
                "Père de l’aîné seulement : rien de la demi-sœur ni de son père.",
            ),
            Part(
                "recomposee_second_pere",
                second,
                "Père de la cadette seulement : rien du demi-frère, qui vit pourtant chez lui.",
            ),
        ),
    )
