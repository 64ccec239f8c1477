"""What is said to who typed a secret that opened nothing, on whatever page (F30)."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from teleservices_core.domain.establishments import Establishment
from teleservices_core.domain.values import Uai
from teleservices_core.errors import RefusedError
from teleservices_core.i18n import _, show_instant, show_wait
from teleservices_core.usecases.restoring import last_restore
from teleservices_core.web.context import Context
from teleservices_core.web.forms import text
from teleservices_core.words.restoring import show_to_family, show_went_back


@frozen
class SignInForm:
    """Identifier, and the password or the letter's provisional one."""

    login_name: str = text(100)
    password: str = text(1024)


@frozen
class Refusal:
    """What the page says above its form."""

    title: str
    advice: str = ""
    checks: bool = False
    """Whether to list what to check: activation, identifier, password."""
    lost: bool = False
    """Whether a forgotten password is the way out."""
    school: Establishment | None = None
    """Whose secretariat to ask. Said only to who typed a letter's right code."""


def refusal_of(context: Context, refused: RefusedError) -> Refusal:
    """Why a secret opened nothing, and what to do."""
    match refused.code:
        case "throttled":
            return _throttled(context, refused)
        case "letter_expired":
            return Refusal(
                _("Votre notification n’est plus valable"),
                _("Elle est périmée. Demandez-en une nouvelle au secrétariat :"),
                school=_school(context, refused),
            )
        case "grouped":
            return Refusal(
                _("Ce compte est regroupé avec un autre"),
                _(
                    "Connectez-vous avec l’autre identifiant : tous vos enfants y sont. Ce n’est "
                    "pas vous qui les avez regroupés ? Le message reçu alors permet d’annuler ; "
                    "sinon, prévenez le secrétariat de l’établissement."
                ),
            )
        case "letter_replaced":
            return Refusal(
                _("Une notification plus récente remplace la vôtre"),
                _("Utilisez la plus récente. Si vous ne l’avez pas, demandez-la au secrétariat :"),
                school=_school(context, refused),
            )
        case "letter_used":
            return Refusal(
                _("Ce mot de passe provisoire a déjà servi"),
                _(
                    "Utilisez le mot de passe que vous avez choisi. Si ce n’est pas vous qui "
                    "l’avez choisi, prévenez le secrétariat :"
                ),
                lost=True,
                school=_school(context, refused),
            )
    return _wrong(context)


def _wrong(context: Context) -> Refusal:
    title = _("Identifiant ou mot de passe incorrect")
    with context.site.database.reading() as tx:
        restored = last_restore(context.site, tx)
    if restored is None:
        return Refusal(title, checks=True)
    # Said to everybody alike: whose password it was is nobody else's to know.
    went_back = show_went_back(restored, context.site.academie.zone)
    return Refusal(title, f"{went_back} {show_to_family()}", checks=True)


def _throttled(context: Context, refused: RefusedError) -> Refusal:
    until = refused.detail["until"]
    assert isinstance(until, datetime)  # noqa: S101 - said by the one who raises it
    zone, wait = context.site.academie.zone, show_wait(until - context.site.now())
    return Refusal(
        _("Trop d’essais : attendez {wait}").format(wait=wait),
        _("Vous pourrez réessayer à partir du {instant}.").format(
            instant=show_instant(until, zone)
        ),
        lost=True,
    )


def _school(context: Context, refused: RefusedError) -> Establishment | None:
    uai = str(refused.detail.get("uai") or "")
    if not uai:
        return None
    with context.site.database.reading() as tx:
        return tx.roster.establishment(Uai(uai))
