"""Programs that ask the API, over Flask's test client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

ORIGIN = "http://127.0.7.1:8080"


@dataclass
class Program:
    """Some software with a token."""

    client: FlaskClient
    token: str | None

    def ask(self, path: str, **headers: str) -> TestResponse:
        """One GET."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            given.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.get(path, base_url=ORIGIN, headers=given)

    def get(self, path: str) -> Any:
        """The answer's JSON; it must be there."""
        answer = self.ask(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json

    def refused(self, path: str) -> tuple[int, str]:
        """The status and the sentence of a problem."""
        answer = self.ask(path)
        assert answer.content_type == "application/problem+json", answer.text
        told = answer.get_json(force=True)
        assert told["status"] == answer.status_code
        return answer.status_code, told["detail"]
