from flask import Flask

from tests.unit.node.dapp.conftest import ORIGIN, Visitor


def test_the_right_password_leads_to_the_first_page(stranger: Visitor) -> None:
    assert stranger.log_in() == 302
    assert "Birch" in stranger.get("/")


def test_a_wrong_password_says_so_and_opens_nothing(stranger: Visitor) -> None:
    assert stranger.log_in("wrong") == 403
    assert stranger.code("/trades") == 302


def test_after_five_wrong_tries_even_the_right_password_waits(stranger: Visitor) -> None:
    assert [stranger.log_in("wrong") for _ in range(5)] == [403] * 5
    assert stranger.log_in() == 429


def test_a_name_may_be_typed_with_a_capital(stranger: Visitor) -> None:
    assert stranger.log_in(name="Home ") == 302


def test_whoever_came_for_a_page_gets_there(stranger: Visitor) -> None:
    answer = stranger.client.get("/trades", base_url=ORIGIN)
    assert answer.location == "/login?next=/trades"
    form = {"csrf": stranger.csrf(), "name": "home", "password": stranger.password, "next": "/trades"}
    assert stranger.client.post("/login", base_url=ORIGIN, data=form).location == "/trades"


def test_the_cookie_is_for_this_site_and_not_for_scripts(stranger: Visitor) -> None:
    form = {"csrf": stranger.csrf(), "name": "home", "password": stranger.password}
    cookie = stranger.client.post("/login", base_url=ORIGIN, data=form).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie


def test_the_login_gives_a_new_token_to_its_forms(stranger: Visitor) -> None:
    before = stranger.csrf()
    stranger.log_in()
    assert before not in stranger.get("/")


def test_logging_out_closes_the_pages(member: Visitor) -> None:
    page = member.get("/")
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    assert member.client.post("/logout", base_url=ORIGIN, data={"csrf": csrf}).status_code == 302
    assert member.code("/trades") == 302


def test_without_any_password_the_form_says_what_to_do(app: Flask) -> None:
    text = app.test_client().get("/login", base_url=ORIGIN).text
    assert "commonwatt dapp password" in text
