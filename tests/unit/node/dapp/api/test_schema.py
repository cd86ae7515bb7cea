"""The API keeps what its OpenAPI document promises, whatever it is asked."""

from __future__ import annotations

import time
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.openapi.loaders import from_wsgi
from schemathesis.schemas import BaseSchema

from node.dapp.api import parameters, v1
from node.dapp.api.describing import document, path_of
from node.dapp.api.operations import OPERATIONS
from node.dapp.api.tokens import AppTokens, Scope
from node.dapp.app import create_app
from node.dapp.tries import Tries
from tests.conftest import thorough
from tests.integration.dapp import made_up

CONFIG = """
[checks.positive_data_acceptance]
# 422: what no schema can say, such as a span that ends before it begins.
expected-statuses = ["2xx", 404, 422, 503]
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 422]
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> BaseSchema:
    """As a program finds it: by its document."""
    root = tmp_path_factory.mktemp("household")
    made_up.furnish(root)
    made_up.publish(root)
    app = create_app(made_up.household(root))
    tokens = AppTokens(made_up.household(root).state)
    token = tokens.create("schemathesis", Scope, time.time())
    tokens.close()
    config = SchemathesisConfig.from_str(CONFIG)
    config.projects.default.update(headers={"Authorization": f"Bearer {token}"})
    return from_wsgi("/api/v1/openapi.json", app, base_url="http://127.0.7.1:8080/api/v1", config=config)


CASES = [
    pytest.param(path_of(each.path), mode, id=f"{each.name}-{mode.value}")
    for each in OPERATIONS
    for mode in GenerationMode
    if mode.is_positive or parameters.fields(each.asked)  # else nothing can be wrong
]


@pytest.mark.parametrize(("path", "mode"), CASES)
def test_every_answer_is_as_the_document_says(api: BaseSchema, path: str, mode: GenerationMode) -> None:
    @given(case=api[path]["GET"].as_strategy(generation_mode=mode))
    @settings(max_examples=thorough(8, 300), suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case[Any]) -> None:
        here = api.app.extensions["commonwatt"]
        # It tries wrong tokens, too, and does not read exports to their end.
        here.tries, here.exports = Tries(), BoundedSemaphore()
        case.call_and_validate()

    ask()


def test_the_document_is_current() -> None:
    assert v1.DOCUMENT.read_text() == document(), "write it anew: commonwatt dapp openapi > " + str(
        v1.DOCUMENT.relative_to(Path.cwd())
    )
