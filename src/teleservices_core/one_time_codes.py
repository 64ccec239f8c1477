"""The codes of authenticators (RFC 6238), and how a telephone is told of a secret."""

from __future__ import annotations

import pyotp
import segno


def code_of(secret: str, period: int) -> str:
    """The six digits of a period, under a secret in Base32."""
    return pyotp.HOTP(secret).at(period)


def address_of(secret: str, *, login_name: str, site_name: str) -> str:
    """What an application reads, from a picture or a link: ``otpauth://totp/…``."""
    return pyotp.TOTP(secret).provisioning_uri(name=login_name, issuer_name=site_name)


def picture_of(address: str) -> str:
    """The address as a QR code, in SVG to be put into a page; dark on light in any theme."""
    return segno.make(address, error="m", micro=False).svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=False
    )
