"""A household's pages before Flask's test client: logged out, and logged in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from node.dapp.app import create_app
from node.dapp.users import set_password
from tests.integration.dapp import made_up

ORIGIN = "http://127.0.7.1:8080"


@dataclass
class Visitor:
    """Somebody with a browser."""

    client: FlaskClient
    password: str

    def get(self, path: str, **headers: str) -> str:
        """The page's text; it must be there."""
        answer = self.client.get(path, base_url=ORIGIN, headers=headers)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.text

    def code(self, path: str) -> int:
        """How a request was answered."""
        return self.client.get(path, base_url=ORIGIN).status_code

    def csrf(self) -> str:
        """The token that the login form carries."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.client.get("/login", base_url=ORIGIN).text)
        assert found
        return found[1]

    def log_in(self, password: str | None = None, name: str = "home", **form: str) -> int:
        """Send the form."""
        fields = {"csrf": self.csrf(), "name": name, "password": password or self.password, **form}
        return self.client.post("/login", base_url=ORIGIN, data=fields).status_code


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The pages of a household whose processes have not run yet."""
    return create_app(made_up.household(tmp_path))


@pytest.fixture
def stranger(app: Flask, tmp_path: Path) -> Visitor:
    """Not logged in; knows the password."""
    return Visitor(app.test_client(), set_password(made_up.household(tmp_path).state))


@pytest.fixture
def member(stranger: Visitor) -> Visitor:
    """Logged in."""
    assert stranger.log_in() == 302
    return stranger
