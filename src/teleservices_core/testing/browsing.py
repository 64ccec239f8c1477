"""A browser without a screen: forms are found in the page, with their hidden fields."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from attrs import define, field
from werkzeug.test import Client, TestResponse


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.hidden: list[set[str]] = []
        """Names of the hidden fields of each form, which a person cannot change."""
        self._open = False
        self._pressed = False
        self._named = ""
        """The select or text area being read."""
        self._is_text = False
        self._chosen = False
        """Whether that select has a choice."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form" and (values.get("method") or "").lower() == "post":
            self._open, self._pressed = True, False
            self.found.append((values.get("action") or "", {}))
            self.hidden.append(set())
        elif tag in {"select", "textarea"} and self._open:
            self._named, self._is_text = values.get("name") or "", tag == "textarea"
            self._chosen = self._is_text
            if self._is_text:
                self._add(self._named, "", several=True)
        elif tag == "option" and self._named:
            self._option(values)
        elif tag in {"input", "button"} and self._open:
            sent = values.get("type") not in {"checkbox", "radio"} or "checked" in values
            if tag == "button":
                # Of several buttons, the key Enter presses the first.
                sent, self._pressed = not self._pressed, True
            if values.get("type") == "hidden":
                self.hidden[-1].add(values.get("name") or "")
            if sent and values.get("name") and "disabled" not in values:
                several = tag == "input" and values.get("type") != "radio"
                self._add(values["name"] or "", values.get("value") or "", several=several)

    def _option(self, values: dict[str, str | None]) -> None:
        # The first choice counts until another is selected.
        if not self._chosen:
            self._add(self._named, values.get("value") or "", several=True)
            self._chosen = True
        elif "selected" in values:
            self._put(values.get("value") or "")

    def _add(self, name: str, value: str, *, several: bool) -> None:
        """Note a field; but for radio buttons, all fields of one name are sent."""
        fields = self.found[-1][1]
        if name in fields and several:
            before = fields[name]
            fields[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            fields[name] = value

    def _put(self, value: str) -> None:
        """Replace what was noted last of the select or text area being read."""
        fields = self.found[-1][1]
        before = fields[self._named]
        fields[self._named] = [*before[:-1], value] if isinstance(before, list) else value

    def handle_data(self, data: str) -> None:
        if self._is_text:
            # A line break right after the tag is not part of the text.
            before = self.found[-1][1][self._named]
            last = before[-1] if isinstance(before, list) else before
            self._put(last + data.removeprefix("\n"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False
        elif tag in {"select", "textarea"}:
            self._named, self._is_text = "", False


@define
class Browser:
    """Follows links and submits forms of a WSGI application."""

    application: Any
    base_url: str = "http://localhost"
    agent: str = ""
    """What it calls itself."""
    client: Client = field(init=False)
    page: TestResponse = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.client = Client(self.application)

    @property
    def _headers(self) -> dict[str, str]:
        return {"User-Agent": self.agent} if self.agent else {}

    def get(self, path: str) -> TestResponse:
        """Open a page, following redirections."""
        self.page = self.client.get(
            path, base_url=self.base_url, headers=self._headers, follow_redirects=True
        )
        return self.page

    def _forms(self) -> _Forms:
        parser = _Forms()
        parser.feed(self.page.text)
        return parser

    def forms(self) -> list[tuple[str, dict[str, Any]]]:
        """(action, fields with their values) of each POST form of the page.

        A field sent several times has a list of values.
        """
        return self._forms().found

    def submit(self, action: str, *, follow: bool = True, **typed: Any) -> TestResponse:
        """Fill in and send the form whose action contains a text and whose hidden values agree.

        A field that the page has several times takes a list.
        """
        here = self.page.request.path
        page = self._forms()
        for (target, fields), fixed in zip(page.found, page.hidden, strict=True):
            if action not in (target or here):
                continue
            if all(fields[name] == value for name, value in typed.items() if name in fixed):
                self.page = self.client.post(
                    target or here,
                    data={**fields, **typed},
                    base_url=self.base_url,
                    headers=self._headers,
                    follow_redirects=follow,
                )
                return self.page
        raise AssertionError(f"no form for {action!r} among {self.forms()}")

    def sign_in(self, login_name: str, password: str) -> TestResponse:
        """Go through the sign-in page."""
        self.get("/connexion")
        return self.submit("/connexion", login_name=login_name, password=password)
