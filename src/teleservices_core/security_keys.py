"""Questions to security keys, and what their answers are worth (WebAuthn level 2).

A password, a code or a key on its own opens nothing here: a key stands beside the
password. So no key is asked to know accounts by itself, or to identify its owner; and
no maker is asked for, since any key is better than none.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from teleservices_core.domain.accounts import Account
from teleservices_core.domain.security_keys import RelyingParty

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

LONGEST_ANSWER: Final = 16_000
"""Characters: three times the longest that authenticators give."""
_LONGEST_ID: Final = 1_023
"""Bytes (WebAuthn, section 4)."""
_TIMEOUT: Final = 120_000
"""Milliseconds that a browser waits for the key."""


@frozen
class NewKey:
    """What a browser brought of a key that has just been made."""

    credential: bytes
    public_key: bytes
    signatures: int


def new_question() -> bytes:
    """What a key has to sign: nobody can have had it signed before."""
    from webauthn.helpers import generate_challenge

    return generate_challenge()


def ask_for_new(
    site: RelyingParty,
    question: bytes,
    account: Account,
    *,
    site_name: str,
    known: Collection[bytes],
) -> Mapping[str, Any]:
    """The options of ``navigator.credentials.create``; a key of ``known`` does not answer."""
    from webauthn import generate_registration_options
    from webauthn.helpers import options_to_json_dict
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    return options_to_json_dict(
        generate_registration_options(
            rp_id=site.id,
            rp_name=site_name or site.id,
            user_id=account.id.bytes,
            user_name=account.login_name,
            user_display_name=account.display_name,
            challenge=question,
            timeout=_TIMEOUT,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=_described(known),
        )
    )


def ask(site: RelyingParty, question: bytes, known: Collection[bytes]) -> Mapping[str, Any]:
    """The options of ``navigator.credentials.get``, for one of the keys that are ``known``."""
    from webauthn import generate_authentication_options
    from webauthn.helpers import options_to_json_dict

    return options_to_json_dict(
        generate_authentication_options(
            rp_id=site.id,
            challenge=question,
            timeout=_TIMEOUT,
            allow_credentials=_described(known),
        )
    )


def _described(credentials: Collection[bytes]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

    return [PublicKeyCredentialDescriptor(id=each) for each in credentials]


def read_new(site: RelyingParty, question: bytes, answer: str) -> NewKey | None:
    """The key that answers a question of :func:`ask_for_new`; None for anything else."""
    from webauthn import verify_registration_response

    if len(answer) > LONGEST_ANSWER:
        return None
    try:
        found = verify_registration_response(
            credential=answer,
            expected_challenge=question,
            expected_rp_id=site.id,
            expected_origin=site.origin,
        )
    except Exception:  # noqa: BLE001 - whatever the library makes of what anybody may send
        return None
    if len(found.credential_id) > _LONGEST_ID:
        return None
    return NewKey(found.credential_id, found.credential_public_key, found.sign_count)


def credential_in(answer: str) -> bytes | None:
    """Which key an answer says that it is of."""
    from webauthn.helpers import base64url_to_bytes

    if len(answer) > LONGEST_ANSWER:
        return None
    try:
        return base64url_to_bytes(json.loads(answer)["rawId"])
    except Exception:  # noqa: BLE001 - as above
        return None


def signatures_in(
    site: RelyingParty, question: bytes, answer: str, public_key: bytes
) -> int | None:
    """How many signatures a key has made with this answer; None where it is not the key's."""
    from webauthn import verify_authentication_response

    try:
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=question,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=public_key,
            # Compared by domain.security_keys, once the signature is known to be good.
            credential_current_sign_count=0,
        )
    except Exception:  # noqa: BLE001 - as above
        return None
    return found.new_sign_count
