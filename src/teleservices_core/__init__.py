"""Online services of schools for families: accounts, establishments, modules that open by rules.

The public names, each loaded when it is first used: importing the package
loads neither the database nor the web.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from teleservices_core.app import Teleservices
    from teleservices_core.domain.accounts import Audience
    from teleservices_core.domain.activation import ActivationRule, Decision, Effect, Question, Vote
    from teleservices_core.domain.identities import ExternalIdentity
    from teleservices_core.domain.localtime import SchoolYear, Window
    from teleservices_core.domain.modules import ModuleDefinition, OpeningMode
    from teleservices_core.domain.values import Ine, Mef, Uai
    from teleservices_core.errors import TeleservicesError
    from teleservices_core.hookspecs import hookimpl
    from teleservices_core.settings import Settings, load_settings

__all__ = [
    "ActivationRule",
    "Audience",
    "Decision",
    "Effect",
    "ExternalIdentity",
    "Ine",
    "Mef",
    "ModuleDefinition",
    "OpeningMode",
    "Question",
    "SchoolYear",
    "Settings",
    "Teleservices",
    "TeleservicesError",
    "Uai",
    "Vote",
    "Window",
    "hookimpl",
    "load_settings",
]

_PLACES: Final = {
    "app": ("Teleservices",),
    "domain.accounts": ("Audience",),
    "domain.activation": ("ActivationRule", "Decision", "Effect", "Question", "Vote"),
    "domain.identities": ("ExternalIdentity",),
    "domain.localtime": ("SchoolYear", "Window"),
    "domain.modules": ("ModuleDefinition", "OpeningMode"),
    "domain.values": ("Ine", "Mef", "Uai"),
    "errors": ("TeleservicesError",),
    "hookspecs": ("hookimpl",),
    "settings": ("Settings", "load_settings"),
}
_MODULES: Final = {name: place for place, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
