"""The mails about a second factor: what changed, and what to do if it was somebody else."""

from __future__ import annotations

from typing import Final

from teleservices_core.contributions import MailTemplate, Message
from teleservices_core.i18n import _

_NOT_ME: Final[Message] = lambda: _(  # noqa: E731 - the end of each
    "\n"
    "C’était vous ? Vous n’avez rien à faire.\n"
    "Ce n’était pas vous ? Votre mot de passe est connu d’un autre : choisissez-en un nouveau tout "
    "de suite, par « Mot de passe oublié » ({home}), et prévenez l’académie.\n"
)


def _mail(kind: str, subject: Message, said: Message) -> MailTemplate:
    return MailTemplate(kind, subject, lambda: _("Bonjour {name},\n\n") + said() + _NOT_ME())


FACTOR_MAILS: Final = (
    _mail(
        "core.factor_set",
        lambda: _("La double authentification est installée"),
        lambda: _(
            "Un code de téléphone est désormais demandé, en plus du mot de passe, pour "
            "l’identifiant {login} sur le site {site} de l’{academie}. Les "
            "autres connexions ont été fermées.\n"
        ),
    ),
    _mail(
        "core.factor_removed",
        lambda: _("La double authentification est retirée"),
        lambda: _(
            "Ni code ni clé de sécurité ne sont plus demandés, en plus du mot de passe, pour "
            "l’identifiant {login} sur le site {site} de l’{academie}.\n"
        ),
    ),
    _mail(
        "core.telephone_removed",
        lambda: _("Le téléphone de votre double authentification est retiré"),
        lambda: _(
            "Les codes du téléphone ne fonctionnent plus pour l’identifiant {login} sur le site "
            "{site} de l’{academie}. Vos clés de sécurité et vos codes de secours restent.\n"
        ),
    ),
    _mail(
        "core.key_added",
        lambda: _("Une clé de sécurité est ajoutée"),
        lambda: _(
            "La clé de sécurité « {key} » ouvre désormais, avec le mot de passe, l’identifiant "
            "{login} sur le site {site} de l’{academie}. Les autres connexions ont été fermées.\n"
        ),
    ),
    _mail(
        "core.key_removed",
        lambda: _("Une clé de sécurité est retirée"),
        lambda: _(
            "La clé de sécurité « {key} » ne fonctionne plus pour l’identifiant {login} sur le "
            "site {site} de l’{academie}.\n"
        ),
    ),
    _mail(
        "core.key_copied",
        lambda: _("Une clé de sécurité semble copiée"),
        lambda: _(
            "La clé de sécurité « {key} » de l’identifiant {login} vient d’être refusée sur le "
            "site {site} de l’{academie} : elle a moins servi qu’à la connexion précédente, comme "
            "le ferait une copie. Retirez-la : « Mon compte », « Double authentification ».\n"
        ),
    ),
    _mail(
        "core.factor_reset",
        lambda: _("L’académie a retiré votre double authentification"),
        lambda: _(
            "L’{academie} vient de retirer la double authentification de l’identifiant {login} sur "
            "le site {site}, comme pour un téléphone ou une clé perdus. Toutes les connexions ont "
            "été fermées. À la prochaine, installez-la de nouveau : « Mon compte », « Double "
            "authentification ».\n"
        ),
    ),
    _mail(
        "core.recovery_codes_made",
        lambda: _("De nouveaux codes de secours"),
        lambda: _(
            "De nouveaux codes de secours viennent d’être demandés pour l’identifiant {login} sur "
            "le site {site} de l’{academie}. Les précédents ne fonctionnent plus.\n"
        ),
    ),
    _mail(
        "core.recovery_code_used",
        lambda: _("Un code de secours vient de servir"),
        lambda: _(
            "Un code de secours vient de servir pour l’identifiant {login} sur le site {site} de "
            "l’{academie}. Il en reste {left}. « Mon compte », « Double authentification » permet "
            "d’en demander d’autres.\n"
        ),
    ),
)
