"""What people are to each other and to the site, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from teleservices_core.contributions import Message
from teleservices_core.domain.accounts import Audience
from teleservices_core.domain.roster import Kinship, Level, Sex
from teleservices_core.domain.staff import Role
from teleservices_core.i18n import _
from teleservices_core.ports.academy import AuditEntry

AUDIENCE_WORDS: Final[Mapping[Audience, Message]] = {
    Audience.GUARDIAN: lambda: _("responsable"),
    Audience.STUDENT: lambda: _("élève"),
    Audience.STAFF: lambda: _("personnel"),
}
SEX_WORDS: Final[Mapping[Sex, Message]] = {
    Sex.MALE: lambda: _("masculin"),
    Sex.FEMALE: lambda: _("féminin"),
    Sex.UNKNOWN: lambda: "",
}
KINSHIP_WORDS: Final[Mapping[Kinship, Message]] = {
    Kinship.MOTHER: lambda: _("mère"),
    Kinship.FATHER: lambda: _("père"),
    Kinship.SIBLING: lambda: _("frère ou sœur"),
    Kinship.ASCENDANT: lambda: _("ascendant"),
    Kinship.RELATIVE: lambda: _("autre membre de la famille"),
    Kinship.EDUCATOR: lambda: _("éducateur"),
    Kinship.FOSTER_CARER: lambda: _("assistant familial"),
    Kinship.TUTOR: lambda: _("tuteur"),
    Kinship.CHILD_WELFARE: lambda: _("aide sociale à l’enfance"),
    Kinship.SELF: lambda: _("l’élève lui-même"),
    Kinship.OTHER: lambda: _("autre lien"),
}
LEVEL_WORDS: Final[Mapping[Level, Message]] = {
    Level.LEGAL: lambda: _("représentant légal"),
    Level.IN_CHARGE: lambda: _("personne en charge de l’élève"),
    Level.CONTACT: lambda: _("personne à contacter"),
}
ROLE_WORDS: Final[Mapping[str, Message]] = {
    Role.HEAD: lambda: _("direction de l’établissement"),
    Role.DEPUTY: lambda: _("direction adjointe de l’établissement"),
    Role.SCHOOL_OFFICE: lambda: _("secrétariat de l’établissement"),
    Role.TEACHER: lambda: _("enseignant de l’établissement"),
    Role.ACADEMY_ADMIN: lambda: _("administration de l’académie"),
    Role.HOTLINE: lambda: _("assistance de l’académie"),
}
"""In which function somebody acted."""


def show_actor(entry: AuditEntry) -> str:
    """Who acted, and in which function when that is a member of staff."""
    function = ROLE_WORDS.get(entry.role)
    return ", ".join(filter(None, (entry.actor, function() if function else "")))
