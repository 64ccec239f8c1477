"""The demo's WSGI application: the site, with the demo's own plugin."""

from __future__ import annotations

import os

from academy_demo import plugin
from teleservices_core.app import Teleservices


def application() -> Teleservices:
    """The site of TELESERVICES_SETTINGS with the mailbox and the personas."""
    return Teleservices.from_file(os.environ["TELESERVICES_SETTINGS"], plugins={"demo": plugin})
