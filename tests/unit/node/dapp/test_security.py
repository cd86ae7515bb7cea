import pytest
from flask import Flask

from node.dapp.security import is_ours, local_path
from tests.unit.node.dapp.conftest import ORIGIN, Visitor

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def test_every_page_forbids_what_is_inline_or_from_elsewhere(member: Visitor) -> None:
    for path in ("/", "/trades", "/login", "/nowhere"):
        headers = member.client.get(path, base_url=ORIGIN).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", ["/", "/trades", "/login"])
def test_no_page_has_a_script_or_style_of_its_own(member: Visitor, path: str) -> None:
    text = member.client.get(path, base_url=ORIGIN, follow_redirects=True).text
    assert "style=" not in text
    assert "<style" not in text
    assert " onclick" not in text
    assert all("src=" in tag for tag in text.split("<script")[1:])


def test_every_page_but_the_login_asks_for_a_session(app: Flask, stranger: Visitor) -> None:
    opened = []
    for rule in app.url_map.iter_rules():
        path = rule.rule
        for argument in rule.arguments:
            path = path.replace(f"<{argument}>", "x").replace(f"<path:{argument}>", "x")
        if "GET" in (rule.methods or ()) and stranger.code(path) not in (302, 401):
            opened.append(rule.endpoint)
    assert set(opened) <= {
        "static", "login.form", "install.manifest", "install.offline", "install.worker",
    }  # fmt: skip


def test_every_change_without_the_forms_token_is_refused(app: Flask, member: Visitor) -> None:
    changing = [rule for rule in app.url_map.iter_rules() if CHANGING & (rule.methods or set())]
    assert {rule.endpoint for rule in changing} >= {"login.enter", "login.leave"}
    for rule in changing:
        method = sorted(CHANGING & (rule.methods or set()))[0]
        assert member.client.open(rule.rule, method=method, base_url=ORIGIN).status_code == 400


def test_a_form_of_another_site_is_refused(member: Visitor) -> None:
    form = {"csrf": "anything"}
    answer = member.client.post(
        "/logout", base_url=ORIGIN, data=form, headers={"Origin": "http://elsewhere.example"}
    )
    assert answer.status_code == 400
    assert member.code("/") == 200


def test_a_name_that_was_pointed_at_this_address_opens_nothing(member: Visitor) -> None:
    assert member.client.get("/", base_url="http://attacker.example").status_code == 400


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("10.0.0.2:8080", True),
        ("[fd00::2]:8080", True),
        ("localhost:8080", True),
        ("commonwatt-birch.local", True),
        ("birch.home", True),
        ("attacker.example", False),
        ("10.0.0.2.attacker.example", False),
        ("", False),
    ],
)
def test_which_names_are_ours(host: str, ours: bool) -> None:
    assert is_ours(host, ("birch.home",)) is ours


@pytest.mark.parametrize(
    ("target", "goes_to"),
    [
        ("/trades", "/trades"),
        ("/explorer/search?q=1", "/explorer/search?q=1"),
        ("", "/"),
        (None, "/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/elsewhere.example", "/"),
        ("trades", "/"),
    ],
)
def test_a_login_leads_to_a_page_of_ours(target: str | None, goes_to: str) -> None:
    assert local_path(target) == goes_to


def test_a_large_body_is_refused(stranger: Visitor) -> None:
    form = {"csrf": stranger.csrf(), "password": "x" * 100_000}
    assert stranger.client.post("/login", base_url=ORIGIN, data=form).status_code == 413


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd"])
def test_static_files_are_only_those(member: Visitor, path: str) -> None:
    assert member.code(path) in (302, 308, 404)


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_over_tls_the_cookie_is_for_tls_only(stranger: Visitor, scheme: str, secure: bool) -> None:
    answer = stranger.client.get("/login", base_url=ORIGIN.replace("http", scheme))
    assert ("Secure" in answer.headers["Set-Cookie"]) is secure


@pytest.mark.parametrize("field", ["next", "back"])
@pytest.mark.parametrize(
    "target", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"]
)
def test_no_form_leads_to_another_site(stranger: Visitor, field: str, target: str) -> None:
    form = {"csrf": stranger.csrf(), "name": "home", "password": stranger.password, "next": target}
    assert stranger.client.post("/login", base_url=ORIGIN, data=form).location == "/"
    page = stranger.get("/control")
    csrf, new = (page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("csrf", "form"))
    asked = {"csrf": csrf, "form": new, "kind": "stop", field: target}
    assert stranger.client.post("/control/ask", base_url=ORIGIN, data=asked).location == "/#asked"


@pytest.mark.parametrize(
    "path", ["/trades/..%2f..%2fetc%2fpasswd", "/explorer/tx/../../etc/passwd", "/explorer/block/%00"]
)
def test_a_path_in_an_address_reads_no_file(member: Visitor, path: str) -> None:
    answer = member.client.get(path, base_url=ORIGIN)
    assert answer.status_code in (302, 308, 400, 404)
    assert "root:" not in answer.text
