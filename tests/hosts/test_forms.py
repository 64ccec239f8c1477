"""Forms: what is typed and what is uploaded arrives; what is forged does not."""

from __future__ import annotations

import random
from hashlib import sha256

import pytest

from .base import Client
from .probe import kept


def token(client: Client, prefix: str) -> str:
    """Open the probe's form, as a browser would, and read its token."""
    return client.get(f"{prefix}/probe/form").text


def test_form_then_notice(client: Client, prefix: str) -> None:
    """A form is posted with its token, and the next page tells the result."""
    said = "Élodie & « Noël » +%20\r\n€ 😀"
    fields = {"csrf_token": token(client, prefix), "said": said}
    answer = client.post(f"{prefix}/probe/form", fields)
    assert answer.status == 303
    assert answer.header("Location") == f"{prefix}/probe/notice"
    assert client.follow(f"{prefix}/probe/form", answer).text == f"Reçu : {said}"


def test_multipart_form(client: Client, prefix: str) -> None:
    """The other encoding of forms carries the token as well."""
    fields = {"csrf_token": token(client, prefix), "said": "à bientôt"}
    answer = client.upload(f"{prefix}/probe/form", fields)
    assert client.follow(f"{prefix}/probe/form", answer).text == "Reçu : à bientôt"


@pytest.mark.parametrize("size", [0, 1, 65_536, 300_000])
def test_upload_is_byte_exact(client: Client, prefix: str, size: int) -> None:
    """A file reaches the page as it left, whatever its bytes."""
    content = random.Random(size).randbytes(size)
    fields = {"csrf_token": token(client, prefix)}
    answer = client.upload(f"{prefix}/probe/upload", fields, ("élèves.csv", content))
    assert answer.text == f"élèves.csv {size} {sha256(content).hexdigest()}"


@pytest.mark.parametrize("forged", [None, "", "x" * 43, "é"])
def test_wrong_token_is_refused(client: Client, prefix: str, forged: str | None) -> None:
    """A form without its token, or with another, is refused; text typed is given back."""
    token(client, prefix)
    fields = {"said": "un long récit"} | ({} if forged is None else {"csrf_token": forged})
    answer = client.post(f"{prefix}/probe/form", fields)
    assert answer.status == 403
    assert "La page avait expiré" in answer.text
    assert "un long récit" in answer.text


def test_token_of_another_browser_is_refused(client: Client, prefix: str) -> None:
    """A token is worth something only with the cookie it was made for."""
    stolen = token(client, prefix)
    client.jar.clear()
    assert client.post(f"{prefix}/probe/form", {"csrf_token": stolen, "said": "x"}).status == 403
    token(client, prefix)
    assert client.post(f"{prefix}/probe/form", {"csrf_token": stolen, "said": "x"}).status == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://localhost", "Sec_Fetch_Site": "same-origin"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "http://sub.localhost"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
    ],
)
def test_origin(client: Client, prefix: str, headers: dict[str, str], status: int) -> None:
    """With the right token, a form from elsewhere is still refused."""
    fields = {"csrf_token": token(client, prefix), "said": "x"}
    assert client.post(f"{prefix}/probe/form", fields, **headers).status == status


def test_body_beyond_the_limit(client: Client, prefix: str) -> None:
    """More than a megabyte is 413, on our error page, and the next form works."""
    fields = {"csrf_token": token(client, prefix), "said": "x" * 1_000_001}
    answer = client.post(f"{prefix}/probe/form", fields)
    assert answer.status == 413
    assert "Envoi trop volumineux" in answer.text
    assert client.post(f"{prefix}/probe/form", {**fields, "said": "x"}).status == 303


def test_uploaded_files_are_closed(client: Client, prefix: str) -> None:
    """Temporary files of an upload do not outlive the request, whatever the page did with them."""
    fields = {"csrf_token": token(client, prefix)}
    assert client.upload(f"{prefix}/probe/keep", fields, ("x", b"x")).text == "False"
    (stream,) = kept
    was_closed = stream.closed
    stream.close()
    assert was_closed
