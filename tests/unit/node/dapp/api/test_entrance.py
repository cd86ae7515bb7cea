from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from node.cli import run
from node.cli.token import SCOPES
from node.dapp.api.doorway import Doorway
from node.dapp.api.tokens import AppTokens, Scope
from node.dapp.errors import NoSuchToken, TokenNameTaken
from node.dapp.tries import ALLOWED
from node.dapp.users import FILE, set_password
from tests.integration.dapp import made_up
from tests.unit.node.dapp.api.programs import ORIGIN, Program

SCOPED = [
    ("/api/v1/meters", Scope.READINGS),
    ("/api/v1/energy?meter=load", Scope.READINGS),
    ("/api/v1/trades", Scope.TRADES),
    ("/api/v1/trading", Scope.TRADES),
    ("/api/v1/relay", Scope.RELAY),
    ("/api/v1/chain", Scope.CHAIN),
]


def test_who_has_no_token_is_told_how_to_get_one(stranger: Program) -> None:
    status, detail = stranger.refused("/api/v1/health")
    assert status == 401
    assert "commonwatt token create" in detail
    assert stranger.ask("/api/v1/health").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("path", "scope"), SCOPED)
def test_a_token_opens_what_its_scope_says_and_nothing_else(
    app: Flask, issue: Callable[..., str], path: str, scope: Scope
) -> None:
    other = Program(app.test_client(), issue(*(set(Scope) - {scope}), name="other"))
    status, detail = other.refused(path)
    assert (status, f"--scope {scope}" in detail) == (403, True)
    assert Program(app.test_client(), issue(scope, name="right")).ask(path).status_code in (200, 404)


def test_a_revoked_token_opens_nothing_from_then_on(program: Program, tmp_path: Path) -> None:
    assert program.ask("/api/v1/health").status_code == 200
    tokens = AppTokens(made_up.household(tmp_path).state)
    tokens.revoke("tester")
    with pytest.raises(NoSuchToken):
        tokens.revoke("tester")
    assert program.refused("/api/v1/health")[0] == 401


def test_a_token_expires(app: Flask, issue: Callable[..., str]) -> None:
    now = time.time()
    fresh = Program(app.test_client(), issue(name="fresh", expires=now + 60))
    old = Program(app.test_client(), issue(name="old", expires=now - 1))
    assert fresh.ask("/api/v1/health").status_code == 200
    assert old.refused("/api/v1/health")[0] == 401


def test_the_file_holds_no_secret(tmp_path: Path) -> None:
    tokens = AppTokens(tmp_path)
    secret = tokens.create("grafana", [Scope.METRICS], at=1.0)
    with pytest.raises(TokenNameTaken, match="revoke it first"):
        tokens.create("grafana", [Scope.METRICS], at=2.0)
    tokens.close()
    rows = sqlite3.connect(tmp_path / FILE).execute("SELECT * FROM app_tokens").fetchall()
    assert len(rows) == 1
    assert secret not in repr(rows)
    assert secret.encode() not in b"".join(f.read_bytes() for f in tmp_path.glob("dapp.db*"))


def test_its_use_is_noted_but_not_at_every_request(tmp_path: Path) -> None:
    tokens = AppTokens(tmp_path)
    secret = tokens.create("grafana", [Scope.METRICS], at=0.0)
    for at in (1_000.0, 1_100.0):
        assert tokens.holder(secret, at)
    assert [each.used for each in tokens.all()] == [1_000.0]
    tokens.holder(secret, 2_000.0)
    assert [each.used for each in tokens.all()] == [2_000.0]


def test_wrong_tokens_are_counted_and_a_right_one_opens(app: Flask, issue: Callable[..., str]) -> None:
    wrong, right = Program(app.test_client(), "cw_wrong"), Program(app.test_client(), issue())
    assert [wrong.refused("/api/v1/health")[0] for _ in range(ALLOWED)] == [401] * ALLOWED
    status, detail = wrong.refused("/api/v1/health")
    assert (status, "Try again in" in detail) == (429, True)
    assert int(wrong.ask("/api/v1/health").headers["Retry-After"]) > 200
    assert right.ask("/api/v1/health").status_code == 200
    # Its address cannot try passwords meanwhile, either.
    form = {"login": "home", "password": "guess"}
    assert wrong.client.post("/api/time", base_url=ORIGIN, data=form).status_code == 429


def test_a_session_reads_and_sends_nothing(app: Flask, tmp_path: Path) -> None:
    set_password(made_up.household(tmp_path).state)
    users = app.extensions["commonwatt"].users
    users.put("guest", "viewer", "a-b-c-d", at=time.time())
    person = Program(app.test_client(), None)
    with person.client.session_transaction(base_url=ORIGIN) as session:
        session["token"] = users.begin("guest", "a-b-c-d", time.time())
    assert person.ask("/api/v1/health").status_code == 200
    assert person.client.post("/api/v1/health", base_url=ORIGIN).status_code == 403
    assert person.client.post("/api/time", base_url=ORIGIN).status_code == 403


def test_a_page_elsewhere_cannot_ask_under_its_own_name(program: Program) -> None:
    answer = program.client.get(
        "/api/v1/health", base_url="http://evil.example", headers={"Authorization": f"Bearer {program.token}"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/api", "/api/v1/nothing", "/api/nothing"])
def test_what_is_not_there_is_a_problem_too(program: Program, path: str) -> None:
    status, detail = program.refused(path)
    assert (status, "openapi.json" in detail) == (404, True)


def test_other_methods_are_refused_with_the_one_that_is_answered(program: Program) -> None:
    token = {"Authorization": f"Bearer {program.token}"}
    answer = program.client.delete("/api/v1/health", base_url=ORIGIN, headers=token)
    assert (answer.status_code, "GET" in answer.headers["Allow"]) == (405, True)


def test_the_command_names_the_scopes_that_there_are() -> None:
    assert set(SCOPES) == set(Scope)


def test_a_token_is_made_listed_and_revoked_by_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "commonwatt.yml"
    file.write_text(
        "household: {name: birch, role: prosumer}\npaths: {run: run, state: .}\n"
        "account: {keystore: k, password_file: p}\n"
        'chain: {rpc: "http://127.0.7.1:1", genesis: g, manifest: m}\n'
    )

    def commonwatt(*words: str) -> tuple[int, str]:
        code = run(["token", *words, "--config", str(file)])
        told = capsys.readouterr()
        return code, told.out + told.err

    assert commonwatt("list") == (0, "There is no token yet: commonwatt token create\n")
    code, told = commonwatt("create", "home-assistant", "--scope", "read:readings", "--days", "30")
    assert (code, told[:3]) == (0, "cw_")
    assert f'curl -H "Authorization: Bearer {told.split()[0]}"' in told
    assert commonwatt("create", "home-assistant", "--scope", "metrics")[0] == 1
    assert commonwatt("create", "Home Assistant", "--scope", "metrics")[0] == 64
    assert "home-assistant: read:readings; made" in commonwatt("list")[1]
    assert commonwatt("revoke", "home-assistant")[0] == 0
    assert commonwatt("revoke", "home-assistant")[0] == 1


def test_nothing_but_the_document_and_this_hosts_metrics_is_open(app: Flask, stranger: Program) -> None:
    assert isinstance(app.wsgi_app, Doorway)
    opened = set()
    for rule in app.wsgi_app.api().url_map.iter_rules():
        path = rule.rule
        for argument in rule.arguments:
            unit = {"unit": "watts", "rate": "day", "number": "1"}.get(argument, "1")
            path = re.sub(rf"<[^<>]*{argument}>", unit, path)
        if stranger.ask(path).status_code != 401:
            opened.add(rule.endpoint)
        if "POST" in (rule.methods or ()):
            assert stranger.client.post(path, base_url=ORIGIN).status_code == 403
    assert opened == {"v1.described", "metrics.metrics"}


def test_the_api_is_loaded_when_somebody_asks_for_it_first() -> None:
    importer = (
        "import sys; from chain.daemon import configure_logs; configure_logs(); import node.dapp.app; "
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", importer], capture_output=True, check=True, text=True)
    assert {"node.dapp.api.v1", "node.dapp.api.citizenwatt.paths"}.isdisjoint(loaded.stdout.split())
