"""*Settings*: the form, the text, what is asked for, who may, and what is told of it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from node.changes import places, queue
from node.changes.applying import apply_all
from node.changes.form import facts
from node.changes.judging import hash_of
from node.changes.record import Record
from node.changes.request import Change, Request, dumps
from node.dapp import form
from node.dapp.configuration import Configuration
from node.dapp.form import NUMBER
from node.dapp.users import FILE, Users
from store import snapshot
from store.requests import new_id
from tests.integration.dapp import made_up
from tests.unit.node.changes import made
from tests.unit.node.dapp.conftest import ORIGIN, Visitor


@pytest.fixture(autouse=True)
def files(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Two files of a configuration, which are looked at in this process: a unit test starts none."""
    folder = tmp_path / "config"
    folder.mkdir()
    given = made.files(folder)

    def asked(_: Configuration, request: Request | None) -> dict[str, object]:
        return facts(given, None if request is None else dumps(request))

    monkeypatch.setattr(Configuration, "_ask", asked)
    app.extensions["commonwatt"].configuration = Configuration(given)
    yield given


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return made_up.household(tmp_path).state


def send(
    visitor: Visitor, path: str = "/settings/", page: str = "/settings/", **fields: str
) -> tuple[int, str]:
    """Send a form of a page with what it carries, and some fields otherwise: status and text."""
    text = visitor.get(page)
    hidden = dict(re.findall(r'name="(csrf|form|base)" value="([^"]+)"', text))
    answer = visitor.client.post(path, base_url=ORIGIN, data={**hidden, "form": new_id(), **fields})
    return answer.status_code, html.unescape(answer.text)


def asked(state: Path) -> list[Request]:
    return queue.waiting(state)


def test_every_field_has_its_value_its_unit_and_its_meaning(member: Visitor) -> None:
    text = html.unescape(member.get("/settings/"))
    assert re.search(r'name="trading\.limit" value="30 %"', text)
    assert "State of charge below which it buys." in text
    assert 'title="trading.max_price">Pays at most<small>, tokens per kWh</small>' in text
    assert "Feed 1, price rule 2" in text
    assert '<option value="warning" selected>' in text
    assert "household.yml" in text


def test_a_change_is_asked_for_by_whom_with_what_was_looked_at(
    member: Visitor, state: Path, files: list[Path]
) -> None:
    status, _ = send(member, **{"trading.limit": "25", "trading.resume": "60 %", "offers.reserve": "40,5"})
    assert status == 303
    [one] = asked(state)
    assert one.by == "home"
    assert one.changes == (
        Change(("trading", "limit"), "25 %"),
        Change(("offers", "reserve"), "40.5 %"),
    )
    assert one.base == hash_of(files[-1].read_bytes())
    text = html.unescape(member.get("/settings/"))
    assert "Buys below: 25 %" in text
    assert ">asked<" in text
    assert '<noscript><meta http-equiv="refresh"' in text


def test_what_is_asked_for_is_applied_shown_and_taken_back(
    member: Visitor, state: Path, files: list[Path]
) -> None:
    send(member, **{"trading.limit": "25"})
    apply_all(files, state, lambda _: ())
    text = html.unescape(member.get("/settings/"))
    assert ">in force<" in text
    assert "Buys below: not given → 25 %" in text
    assert 'name="trading.limit" value="25 %"' in text
    [last] = re.findall(r'name="change" value="([0-9a-f]{32})"', text)
    assert send(member, "/settings/undo", change=last)[0] == 303
    apply_all(files, state, lambda _: ())
    assert "Taken back" in member.get("/settings/")
    assert files[-1].read_text() == "# what the family wants\n"


def test_what_is_wrong_is_said_in_the_readers_language_beside_its_field_and_its_line(member: Visitor) -> None:
    member.client.set_cookie("commonwatt-language", "fr", domain="127.0.7.1")
    _, form = send(member, **{"trading.limit": "70"})
    assert "«\u00a0Revient chez soi à\u00a0» (60\u00a0%)" in form
    _, text = send(member, "/settings/yaml", "/settings/yaml", text="trading:\n  limt: 25 %\n")
    assert "Ligne 2" in text
    assert "clé inconnue\u202f; vouliez-vous dire `limit`" in text
    _, text = send(member, "/settings/yaml", "/settings/yaml", text="account: {keystore: /etc/shadow}\n")
    assert "ne se change pas d’ici" in text


def test_a_form_calls_keys_as_its_fields_and_a_text_as_they_are(member: Visitor) -> None:
    _, form = send(member, **{"trading.limit": "70"})
    assert "<b>Buying</b>: “Goes home at” (60 %) must be above “Buys below” (70 %)" in form
    assert 'title="trading.limit">Buys below' in form, "for whoever sets it up"
    _, text = send(member, "/settings/yaml", "/settings/yaml", text="trading: {limit: 70 %}\n")
    assert "<b>trading</b>: `resume` (60 %) must be above `limit` (70 %)" in text
    _, form = send(member, **{"trading.limit": "5"})
    assert "The limit may be set to 10 % at least." in form
    assert "intents." not in form[form.index("<main") :]


def test_what_has_no_field_is_called_by_its_key() -> None:
    called = {
        "sellers.alder.relay": "Alder, Relay",
        "offers.feeds[0].prices[1].price": "Feed 1, price rule 2, Price",
        "household.time_zone": "Time zone",
        "sensors.new.driver": "sensors.new.driver",
        "": "",
    }
    assert {key: form.called(key) for key in called} == called


def test_what_was_refused_later_is_kept_with_its_pieces(
    member: Visitor, state: Path, files: list[Path]
) -> None:
    send(member, **{"trading.limit": "25"})
    files[-1].write_text("# changed at the box\n")
    apply_all(files, state, lambda _: ())
    assert "was changed meanwhile" in member.get("/settings/")
    french = html.unescape(member.get("/settings/", **{"Accept-Language": "fr"}))
    assert "La configuration a changé entre-temps" in french


def test_what_changed_is_said_in_the_readers_language(
    member: Visitor, state: Path, files: list[Path]
) -> None:
    send(member, **{"trading.limit": "25,5"})
    apply_all(files, state, lambda _: ())
    french = html.unescape(member.get("/settings/", **{"Accept-Language": "fr"}))
    assert "non renseigné → 25,5\u00a0%" in french


def test_files_that_cannot_be_used_are_told_of_in_the_readers_language(
    member: Visitor, files: list[Path]
) -> None:
    files[-1].write_text("trading: {limit: 30}\n")
    french = html.unescape(member.get("/settings/", **{"Accept-Language": "fr"}))
    assert "household.yml:1\u00a0: trading.limit\u00a0: 30\u00a0: écrivez un nombre" in french


def test_who_asked_stands_in_the_record(member: Visitor) -> None:
    send(member, **{"trading.limit": "25"})
    text = html.unescape(member.get("/account/audit"))
    assert "asked for trading.limit: 25 %" in text


def test_a_list_is_typed_in_words(member: Visitor, state: Path) -> None:
    name = "offers.feeds[0].prices[1].days"
    assert f'name="{name}" value="sat, sun"' in member.get("/settings/")
    assert send(member, **{name: "mon, tue", name.replace("days", "price"): "0.26"})[0] == 303
    assert send(member, **{"tariffs.grid.versions[1].rates[0].days": "mon"})[0] == 303
    found = {change.value for one in asked(state) for change in one.changes}
    assert found == {"[mon, tue]", "0.26", "[mon]"}


def test_an_empty_field_is_left_to_how_the_house_was_set_up(
    member: Visitor, state: Path, files: list[Path]
) -> None:
    files[-1].write_text("trading: {limit: 28 %}\n")
    assert send(member, **{"trading.limit": ""})[0] == 303
    apply_all(files, state, lambda _: ())
    assert files[-1].read_text() == ""
    assert 'name="trading.limit" value="30 %"' in member.get("/settings/")


def test_an_error_stands_beside_its_field_and_nothing_is_asked(member: Visitor, state: Path) -> None:
    status, text = send(member, **{"trading.limit": "lots", "trading.delta": "1 kWh"})
    assert status == 400
    assert re.search(r'name="trading\.limit" value="lots"[^>]*aria-invalid="true"', text)
    assert re.search(r'class="problem" id="f-trading-limit-note">.*write a number with the unit %', text)
    assert 'name="trading.delta" value="1 kWh"' in text
    assert asked(state) == []


def test_an_error_about_several_fields_stands_above_them(member: Visitor, state: Path) -> None:
    status, text = send(member, **{"trading.limit": "70"})
    assert status == 400
    assert "“Goes home at” (60 %) must be above “Buys below” (70 %)" in text
    assert asked(state) == []


def test_money_beyond_its_bounds_is_told_before_it_is_asked(member: Visitor, state: Path) -> None:
    status, text = send(member, **{"trading.daily_budget": "6"})
    assert (status, asked(state)) == (400, [])
    assert "5.00 tokens at most" in text


def test_a_folded_field_that_is_wrong_is_shown(member: Visitor) -> None:
    _, text = send(member, **{"trading.dwell": "soon"})
    assert re.search(r"<details open>.*f-trading-dwell", text, re.S)


def test_a_file_that_changed_meanwhile_is_told_and_what_was_typed_stays(
    member: Visitor, state: Path, files: list[Path]
) -> None:
    status, text = send(member, base="ab" * 32, **{"trading.limit": "25"})
    assert (status, asked(state)) == (409, [])
    assert "changed meanwhile" in text
    assert 'name="trading.limit" value="25"' in text


def test_a_form_that_changes_nothing_says_so(member: Visitor, state: Path) -> None:
    status, text = send(member, **{"trading.limit": "30 %"})
    assert (status, asked(state)) == (400, [])
    assert "Nothing was changed" in text


def test_a_form_that_is_sent_twice_asks_once(member: Visitor, state: Path) -> None:
    form = new_id()
    for _ in range(2):
        assert send(member, form=form, **{"trading.limit": "25"})[0] == 303
    assert len(asked(state)) == 1


@pytest.mark.parametrize("fields", [{"form": "x"}, {"base": "x"}, {"form": "../../x"}])
def test_a_form_without_sense_asks_nothing(member: Visitor, state: Path, fields: dict[str, str]) -> None:
    assert send(member, **{"trading.limit": "25", **fields})[0] == 400
    assert send(member, "/settings/undo", change="x")[0] == 400
    assert asked(state) == []


def test_a_key_that_is_no_field_is_not_changed(member: Visitor, state: Path) -> None:
    more = {"intents.send": "1000", "tariffs.grid.versions[1].intervals": "/etc/shadow"}
    assert send(member, **more)[0] == 400
    assert send(member, **{"trading.limit": "25", **more})[0] == 303
    assert [change.key for change in asked(state)[0].changes] == [("trading", "limit")]


def test_the_file_is_shown_and_written_as_text(member: Visitor, state: Path) -> None:
    assert "# what the family wants" in member.get("/settings/yaml")
    says = "# ours\r\ntrading: {limit: 25 %}\r\n"
    assert send(member, "/settings/yaml", "/settings/yaml", text=says)[0] == 303
    assert asked(state)[0].text == says


def test_a_wrong_text_stays_with_its_lines(member: Visitor, state: Path) -> None:
    says = "trading:\n  limit: lots\nintents: {send: 1000}\n"
    status, text = send(member, "/settings/yaml", "/settings/yaml", text=says)
    assert (status, asked(state)) == (400, [])
    assert "Line 3" in text
    assert says in text


@pytest.mark.parametrize("says", ["a: &a [x]\nb: &b [*a,*a]\n" * 3, "trading:\n\tlimit: 1 %\n", "[" * 999])
def test_no_text_breaks_the_page(member: Visitor, state: Path, says: str) -> None:
    assert send(member, "/settings/yaml", "/settings/yaml", text=says)[0] == 400
    assert asked(state) == []


def test_a_text_that_is_too_large_is_refused(member: Visitor, state: Path) -> None:
    assert send(member, "/settings/yaml", "/settings/yaml", text="#" * 70_000)[0] == 413
    assert asked(state) == []


def test_a_script_in_the_file_is_text(member: Visitor, files: list[Path]) -> None:
    files[-1].write_text("# </textarea><script>alert(1)</script>\n")
    assert "<script>alert" not in member.get("/settings/yaml")


@pytest.mark.parametrize("role", ["viewer", "member"])
def test_others_look_and_change_nothing(
    app: Flask, stranger: Visitor, state: Path, tmp_path: Path, role: str
) -> None:
    users = Users(state / FILE)
    users.put("guest", role, "a password", at=1.0)
    users.close()
    assert stranger.log_in("a password", "guest") == 302
    text = stranger.get("/settings/")
    assert "Save" not in text
    assert "readonly" in text
    assert "<select" not in text
    assert stranger.code("/settings/yaml") == 403
    for path in ("/settings/", "/settings/yaml", "/settings/undo"):
        assert send(stranger, path, **{"trading.limit": "25", "base": "ab" * 32})[0] == 403
    assert asked(state) == []


def test_a_configuration_that_cannot_be_used_is_told(member: Visitor, files: list[Path]) -> None:
    files[-1].write_text("trading: {limit: 99 %}\n")
    text = html.unescape(member.get("/settings/"))
    assert "cannot be changed from here now" in text
    assert "must be above `limit`" in text


def test_what_nobody_applies_is_told(member: Visitor, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    send(member, **{"trading.limit": "25"})
    later = snapshot.boottime() + 60
    monkeypatch.setattr(snapshot, "boottime", lambda: later)
    assert "commonwatt config apply" in member.get("/settings/")
    monkeypatch.setattr(snapshot, "boottime", lambda: later + 600)
    text = member.get("/settings/")
    assert ">expired<" in text
    assert "Ask again" in text


def test_the_live_pages_are_told_when_something_is_asked_or_answered(
    member: Visitor, state: Path, files: list[Path]
) -> None:
    before = places.trace(state)
    send(member, **{"trading.limit": "25"})
    between = places.trace(state)
    apply_all(files, state, lambda _: ())
    assert len({before, between, places.trace(state)}) == 3


def test_answered_requests_do_not_lie_there_for_ever(member: Visitor, state: Path, files: list[Path]) -> None:
    for limit in ("25", "26", "27"):
        send(member, **{"trading.limit": limit})
        apply_all(files, state, lambda _: ())
    assert len(asked(state)) == 1


def test_a_record_that_cannot_be_read_hides_no_page(member: Visitor, state: Path) -> None:
    Record(state).close()
    (state / "settings.db").write_bytes(b"nonsense" * 1_000)
    assert "Nothing was changed from these pages yet" in member.get("/settings/")


@pytest.mark.parametrize("text", ["25", "0,25", "-1", "1.5"])
def test_numbers_as_people_type_them(text: str) -> None:
    assert NUMBER.match(text)
