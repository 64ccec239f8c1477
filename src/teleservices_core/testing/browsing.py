"""A browser without a screen: forms are found in the page, with their hidden fields."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from attrs import define, field
from werkzeug.test import Client, TestResponse


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self._open = False
        self._pressed = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form" and (values.get("method") or "").lower() == "post":
            self._open, self._pressed = True, False
            self.found.append((values.get("action") or "", {}))
        elif tag in {"input", "button"} and self._open:
            sent = values.get("type") not in {"checkbox", "radio"} or "checked" in values
            if tag == "button":
                # Of several buttons, the key Enter presses the first.
                sent, self._pressed = not self._pressed, True
            if sent and values.get("name"):
                self.found[-1][1][values["name"] or ""] = values.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False


@define
class Browser:
    """Follows links and submits forms of a WSGI application."""

    application: Any
    base_url: str = "http://localhost"
    client: Client = field(init=False)
    page: TestResponse = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.client = Client(self.application)

    def get(self, path: str) -> TestResponse:
        """Open a page, following redirections."""
        self.page = self.client.get(path, base_url=self.base_url, follow_redirects=True)
        return self.page

    def forms(self) -> list[tuple[str, dict[str, str]]]:
        """(action, fields with their values) of each POST form of the page."""
        parser = _Forms()
        parser.feed(self.page.text)
        return parser.found

    def submit(self, action: str, *, follow: bool = True, **typed: str) -> TestResponse:
        """Fill in and send the form whose action contains a text and whose hidden values agree."""
        here = self.page.request.path
        for target, fields in self.forms():
            if action not in (target or here):
                continue
            known = {name: typed[name] for name in typed if name in fields}
            hidden = {
                n: v for n, v in known.items() if n in {"module_id", "audience", "class_group"}
            }
            if all(fields[name] == value for name, value in hidden.items()):
                self.page = self.client.post(
                    target or here,
                    data={**fields, **typed},
                    base_url=self.base_url,
                    follow_redirects=follow,
                )
                return self.page
        raise AssertionError(f"no form for {action!r} among {self.forms()}")

    def sign_in(self, login_name: str, password: str) -> TestResponse:
        """Go through the sign-in page."""
        self.get("/connexion")
        return self.submit("/connexion", login_name=login_name, password=password)
