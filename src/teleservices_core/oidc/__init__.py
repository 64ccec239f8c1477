"""Signing in through an OpenID Connect provider, such as EduConnect or an ENT's.

Loaded when the settings have ``[identity.oidc]``, and only then; it needs the
extra ``oidc``. Calls go to the declared provider, and nowhere else.
"""
