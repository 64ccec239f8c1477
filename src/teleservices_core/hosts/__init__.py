"""Adapters: how a host application mounts a site.

:class:`~teleservices_core.app.Teleservices` is a WSGI application, so a WSGI
server or dispatcher needs nothing from here. For the others:

- :func:`teleservices_core.hosts.asgi.asgi_app`: Starlette, FastAPI, any ASGI server;
- :func:`teleservices_core.hosts.flask.mount`: Flask;
- :func:`teleservices_core.hosts.django.teleservices_urls`: Django.

Each module imports its own framework only, and nothing is imported here.
"""

from typing import Final

__all__: Final[tuple[str, ...]] = ()
