"""A security key in software, with the browser that speaks for it."""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import cbor2
from attrs import Factory, define, field
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT: Final = 0x01
_WITH_KEY: Final = 0x40


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _private() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@define
class SoftKey:
    """It counts its signatures from a given number on; ``counts=False`` says zero always."""

    origin: str = "http://localhost"
    """Of the page that the browser shows."""
    signatures: int = 0
    counts: bool = True
    flags: int = _PRESENT
    credential: bytes = Factory(lambda: os.urandom(32))
    private: ec.EllipticCurvePrivateKey = field(factory=_private, repr=False)

    def make(self, asked: Mapping[str, Any], *, site_id: str = "") -> str:
        """Answer the options of ``navigator.credentials.create``."""
        numbers = self.private.public_key().public_numbers()
        public = cbor2.dumps(
            {
                1: 2,
                3: -7,
                -1: 1,
                -2: numbers.x.to_bytes(32, "big"),
                -3: numbers.y.to_bytes(32, "big"),
            }
        )
        held = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + public
        about = self._about(site_id or asked["rp"]["id"], _WITH_KEY) + held
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": about})
        said = self._said("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": said, "attestationObject": attestation})

    def sign(self, asked: Mapping[str, Any], *, site_id: str = "") -> str:
        """Answer the options of ``navigator.credentials.get``."""
        about = self._about(site_id or asked["rpId"])
        said = self._said("webauthn.get", asked["challenge"])
        signature = self.private.sign(about + sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {"clientDataJSON": said, "authenticatorData": about, "signature": signature}
        )

    def _about(self, site_id: str, flags: int = 0) -> bytes:
        self.signatures += self.counts
        count = self.signatures if self.counts else 0
        flags |= self.flags
        return sha256(site_id.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _said(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, response: Mapping[str, bytes]) -> str:
        own = _text(self.credential)
        parts = {name: _text(part) for name, part in response.items()}
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": parts})
