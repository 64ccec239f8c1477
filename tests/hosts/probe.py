"""A plugin whose pages show what reached them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from werkzeug import Response

from teleservices_core.contributions import Access, Route
from teleservices_core.hookspecs import hookimpl
from teleservices_core.web.context import Context
from teleservices_core.web.responses import Download, Redirect

HOOK_API = 1
ODD_NAME = "Élève n° 1"


def plain(_context: Context) -> Response:
    return Response("probe", content_type="text/plain")


def links(context: Context) -> Response:
    """Every kind of address that the core makes."""
    urls = context.urls
    found = [urls.home, urls.sign_in, urls.help, urls.static("style.css")]
    found.append(urls.to("probe.segment", name=ODD_NAME))
    found.append(urls.to("probe.query", q="é&=+ /"))
    return Response("\n".join(found), content_type="text/plain")


def segment(_context: Context, name: str) -> Response:
    return Response(name, content_type="text/plain")


def query(context: Context) -> Response:
    return Response("|".join(context.request.args.getlist("q")), content_type="text/plain")


def form(context: Context) -> Response | Redirect:
    """A form in its barest form."""
    if context.request.method == "POST":
        context.tell("success", "Reçu : " + context.request.form["said"])
        return context.redirect("probe.notice")
    return Response(context.csrf_token(), content_type="text/plain")


def notice(context: Context) -> Response:
    cookies = context.cookies
    notices = cookies.unpack(cookies.get(context.request, "notice"))
    return Response("\n".join(each.text for each in notices), content_type="text/plain")


def both_cookies(context: Context) -> Redirect:
    """An answer that sets two cookies."""
    context.csrf_token()
    context.tell("info", "deux")
    return context.redirect("probe.notice")


def upload(context: Context) -> Response:
    file = context.request.files["file"]
    content = file.read()
    file.close()
    line = f"{file.filename} {len(content)} {sha256(content).hexdigest()}"
    return Response(line, content_type="text/plain")


kept: list[Any] = []


def keep(context: Context) -> Response:
    """A handler that does not close what it was sent."""
    kept[:] = [context.request.files["file"].stream]
    return Response(str(kept[0].closed), content_type="text/plain")


def fail(_context: Context) -> Response:
    raise RuntimeError("a secret of the inside")


def download(_context: Context) -> Download:
    """More than any adapter sends at once."""
    return Download(b"0123456789abcdef" * 40_000, "élèves.csv", "text/csv")


@hookimpl
def teleservices_routes() -> list[Route]:
    def route(name: str, rule: str, handler: Any, *methods: str) -> Route:
        return Route(f"probe.{name}", rule, handler, Access.PUBLIC, methods or ("GET",))

    return [
        route("plain", "/probe/plain", plain),
        route("links", "/probe/links", links),
        route("segment", "/probe/segment/<name>", segment),
        route("query", "/probe/query", query),
        route("form", "/probe/form", form, "GET", "POST"),
        route("notice", "/probe/notice", notice),
        route("both", "/probe/both", both_cookies),
        route("upload", "/probe/upload", upload, "POST"),
        route("keep", "/probe/keep", keep, "POST"),
        route("fail", "/probe/fail", fail),
        route("download", "/probe/download", download),
    ]
