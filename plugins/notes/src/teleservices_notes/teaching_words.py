"""What teachers read: ways of counting, and their acts in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.contributions import Message
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
