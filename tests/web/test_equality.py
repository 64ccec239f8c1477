"""Whatever the account, whether there is one: the same answer, statements and hashes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert
from werkzeug.test import Client

from teleservices_core.domain.accounts import Account, AccountState, Audience
from teleservices_core.hashing import Argon2Hasher
from teleservices_core.storage import tables as t
from teleservices_core.testing.builders import COLLEGE
from teleservices_core.testing.statements import counted
from teleservices_core.testing.world import PASSWORD

PENDING = {"email": None, "pending_email": "attente@example.org"}
BARE = {"password_hash": None, "email": None}
CASES = {
    "nobody": None,
    "new": {"state": AccountState.NEW, **BARE},
    "issued": {"state": AccountState.ISSUED, **BARE, "letters": 1},
    "reissued": {"state": AccountState.ISSUED, **BARE, "letters": 3},
    "claimed": {"state": AccountState.CLAIMED, **PENDING, "letters": 1},
    "active": {"state": AccountState.ACTIVE},
    "to renew": {"state": AccountState.ACTIVE, "must_renew": True},
    "without address": {"state": AccountState.ACTIVE, "email": None},
    "locked": {"state": AccountState.LOCKED},
    "closed": {"state": AccountState.CLOSED, **BARE},
    "grouped": {"state": AccountState.GROUPED},
    "federated": {"state": AccountState.ACTIVE, "password_hash": None},
}


@pytest.fixture
def login_names(services):
    """An identifier of each case, all of one length."""
    site = services.site
    password_hash = site.hasher.hash_password(PASSWORD)
    found = {}
    for number, (case, changes) in enumerate(CASES.items()):
        found[case] = f"personne.{number:02}"
        if changes is None:
            continue
        letters = changes.get("letters", 0)
        values = {
            "id": site.new_id(),
            "audience": Audience.GUARDIAN,
            "login_name": found[case],
            "holder_ids": (site.new_id(),),
            "password_hash": password_hash,
            "email": f"{found[case]}@example.org",
            "created_at": site.now(),
        }
        values |= {name: value for name, value in changes.items() if name != "letters"}
        account = Account(**values)
        with site.database.writing() as tx:
            tx.accounts.add(account)
            for n in range(letters):
                add_letter(site, tx, account, replaced=n < letters - 1)
    return found


def add_letter(site, tx, account, *, replaced):
    """A letter of the account, still good or replaced."""
    tx.connection.execute(
        insert(t.letters).values(
            id=site.new_id(),
            account_id=account.id,
            uai=COLLEGE.code,
            code_hash=site.hasher.hash_letter("ABCDEFGHJKMN"),
            issued_at=site.now(),
            expires_at=site.now() + timedelta(days=90),
            replaced_at=site.now() if replaced else None,
        )
    )


class Watch:
    """The statements sent and the hashes compared during one request."""

    def __init__(self, monkeypatch):
        self.hashes = []
        honest = Argon2Hasher._matches

        def matches(hasher, kind, digest, secret):
            self.hashes.append("password" if kind is hasher.passwords else "letter")
            return honest(hasher, kind, digest, secret)

        monkeypatch.setattr(Argon2Hasher, "_matches", matches)

    def post(self, services, case, path, **typed):
        """Send a form of a new browser: all that it shows, but for what is drawn at random."""
        client = Client(services)
        page = client.get(path).text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
        self.hashes.clear()
        # An address for each: what one source asks is counted for all accounts together.
        source = {"REMOTE_ADDR": f"192.0.2.{list(CASES).index(case)}"}
        with counted(services.engine) as statements:
            answer = client.post(
                path, data={"csrf_token": token, **typed}, environ_overrides=source
            )
        body = answer.text
        for value in sorted(typed.values(), key=len, reverse=True):
            body = body.replace(value, "…")
        return {
            "status": answer.status,
            "headers": [
                (name, "…" if name == "Set-Cookie" else value)
                for name, value in answer.headers
                if name not in {"Date", "X-Request-ID"}
            ],
            "body": re.sub(r'(name="csrf_token" value=)"[^"]+"', r"\1", body),
            "statements": statements,
            "hashes": list(self.hashes),
        }


@pytest.fixture
def watch(monkeypatch):
    """See :class:`Watch`."""
    return Watch(monkeypatch)


@pytest.mark.faq("F30")
def test_sign_in(services, login_names, watch):
    """The first wrong secret, and those after, until the wait and during it."""
    series = {
        case: [
            watch.post(services, case, "/connexion", login_name=name, password="un mauvais secret")
            for _n in range(7)
        ]
        for case, name in login_names.items()
    }
    expected = series["nobody"]
    assert [len(each["hashes"]) for each in expected] == [3] * 5 + [0] * 2
    assert expected[0]["hashes"] == ["password", "letter", "letter"]
    assert "incorrect" in expected[0]["body"]
    assert "Trop d’essais" in expected[5]["body"]
    for case, answers in series.items():
        for mine, theirs in zip(answers, expected, strict=True):
            for part, said in mine.items():
                assert said == theirs[part], (case, part)


@pytest.mark.parametrize(
    ("path", "field", "suffix"),
    [("/identifiant-oublie", "email", "@example.org"), ("/mot-de-passe-oublie", "login_name", "")],
)
def test_recovery(services, login_names, watch, path, field, suffix):
    """Both forms, for every account and for none; with the fourth, too many are asked for."""
    series = {
        case: [watch.post(services, case, path, **{field: name + suffix}) for _n in range(5)]
        for case, name in login_names.items()
    }
    for case, answers in series.items():
        assert answers == series["nobody"], case
        told = ["Aucun message ne part" in each["body"] for each in answers]
        assert told == [False] * 3 + [True] * 2, "the limit is told, whoever it is"
        assert not any(each["hashes"] for each in answers)
