"""What teachers and schools read: ways of counting, states of imports, acts, help."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.contributions import HelpEntry, Message
from teleservices_core.domain.accounts import Audience
from teleservices_core.i18n import _
from teleservices_notes.model import Counting
from teleservices_notes.usecases.runs import ImportState

COUNTING_SHORT: Final[Mapping[Counting, Message]] = {
    Counting.OPTIONAL: lambda: _("facultative"),
    Counting.BONUS: lambda: _("bonus"),
}

COUNTING_CHOICES: Final[Mapping[Counting, Message]] = {
    Counting.COMPULSORY: lambda: _("Toujours"),
    Counting.OPTIONAL: lambda: _("Seulement si elle augmente la moyenne (facultative)"),
    Counting.BONUS: lambda: _("En bonus : les points au-dessus de 10 sur 20 s’ajoutent"),
}

IMPORT_STATES: Final[Mapping[ImportState, Message]] = {
    ImportState.TRYING: lambda: _("à l’essai"),
    ImportState.WAITING: lambda: _("à confirmer"),
    ImportState.RUNNING: lambda: _("en cours ou interrompu"),
    ImportState.DONE: lambda: _("terminé"),
    ImportState.STOPPED: lambda: _("arrêté avant la fin"),
}

TEACHING_AUDIT_WORDS: Final[Mapping[str, Message]] = {
    "notes.services_imported": lambda: _("Services d’enseignement importés"),
    "notes.upload_dropped": lambda: _("Fichier de notes abandonné"),
    "notes.assessment_added": lambda: _("Évaluation ajoutée"),
    "notes.assessment_changed": lambda: _("Évaluation modifiée"),
    "notes.assessment_removed": lambda: _("Évaluation supprimée"),
    "notes.marks_entered": lambda: _("Notes saisies"),
}

_STAFF: Final = frozenset({Audience.STAFF})

TEACHING_HELP: Final = (
    HelpEntry(
        "notes.entering",
        lambda: _("Comment saisir les notes d’une classe ?"),
        lambda _figures: _(
            "Page « Saisie des notes » : choisissez la classe et la matière, ajoutez "
            "l’évaluation, puis écrivez les notes. 14,5 et 14.5 se valent ; abs., disp., n.n. et "
            "n.r. disent pourquoi il n’y en a pas. La touche Tab passe à l’élève suivant, la "
            "touche Entrée enregistre. Chaque page dit quand les familles verront ce que vous "
            "enregistrez. Une case vidée devient « non noté », car la note a pu être vue."
        ),
        _STAFF,
        module_id="notes",
    ),
    HelpEntry(
        "notes.two_at_once",
        lambda: _("Un collègue a saisi des notes en même temps que moi : que se passe-t-il ?"),
        lambda _figures: _(
            "Rien n’est perdu. Si vous avez changé la même note, la page revient avec les deux "
            "saisies côte à côte et rien n’est enregistré : gardez l’une ou l’autre, puis "
            "enregistrez. Les notes que vous n’avez pas touchées restent celles de votre collègue."
        ),
        _STAFF,
        module_id="notes",
    ),
    HelpEntry(
        "notes.session_over",
        lambda: _(
            "Ma connexion a expiré pendant que je saisissais des notes : sont-elles perdues ?"
        ),
        lambda _figures: _(
            "Non, si vous avez appuyé sur « Enregistrer les notes » : votre saisie est gardée un "
            "jour, pour vous seul. Reconnectez-vous, ouvrez « Saisie des notes » et suivez le lien "
            "en haut de la page ; vérifiez, puis enregistrez. Rien n’est enregistré avant."
        ),
        _STAFF,
        module_id="notes",
    ),
    HelpEntry(
        "notes.competencies",
        lambda: _("Comment évaluer des compétences à côté des notes ?"),
        lambda _figures: _(
            "La direction donne la liste sur la page « Compétences évaluées », avec les mots de "
            "chaque niveau. L’enseignant coche celles de chaque évaluation ; la saisie a alors une "
            "colonne par compétence. Les familles lisent les mots des niveaux, avec la note et "
            "quand elle s’affiche."
        ),
        _STAFF,
        module_id="notes",
    ),
    HelpEntry(
        "notes.no_class",
        lambda: _("Je ne vois pas ma classe dans la saisie des notes. Que faire ?"),
        lambda _figures: _(
            "Demandez à la direction de mettre à jour la page « Services d’enseignement » : votre "
            "nom doit y être avec l’adresse électronique de votre compte."
        ),
        _STAFF,
        module_id="notes",
    ),
    HelpEntry(
        "notes.importing",
        lambda: _("Comment reprendre les notes de notre logiciel ?"),
        lambda _figures: _(
            "Page « Import des notes », pour la direction et ses délégués : déposez le fichier "
            "CSV, lisez ce qu’il changerait, puis confirmez. Les lignes fautives sont citées et "
            "laissées de côté ; le même fichier, corrigé, peut être déposé à nouveau sans risque."
        ),
        _STAFF,
        module_id="notes",
    ),
)
