"""A program before the API of a household that has traded and measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from node.dapp.api.tokens import AppTokens, Scope
from node.dapp.app import create_app
from tests.integration.dapp import made_up
from tests.unit.node.dapp.api.programs import Program

Issue = Callable[..., str]


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The pages of a household that has traded and measured."""
    made_up.furnish(tmp_path)
    made_up.publish(tmp_path)
    return create_app(made_up.household(tmp_path))


@pytest.fixture
def issue(tmp_path: Path) -> Issue:
    """Makes tokens."""

    def made(*scopes: Scope, name: str = "tester", expires: float | None = None) -> str:
        tokens = AppTokens(made_up.household(tmp_path).state)
        try:
            return tokens.create(name, scopes or Scope, time.time(), expires)
        finally:
            tokens.close()

    return made


@pytest.fixture
def program(app: Flask, issue: Issue) -> Program:
    """May read everything."""
    return Program(app.test_client(), issue())


@pytest.fixture
def stranger(app: Flask) -> Program:
    """Has no token."""
    return Program(app.test_client(), None)
