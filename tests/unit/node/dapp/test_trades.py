import inspect
import re
from pathlib import Path

import pytest

import relay_server
from node.client_interaction.trade import Proof, Side, Step, TradeState
from node.dapp.recorded import EVENTS, recorded
from node.dapp.story import STATES, STEPS, Story, paid
from relay_server.audit import Entry, Written
from tests.integration.dapp import made_up
from tests.unit.node.dapp.conftest import Visitor


def test_before_the_first_run_the_page_says_what_makes_trades(member: Visitor) -> None:
    assert "commonwatt client-interaction run" in member.get("/trades")


def test_bought_stands_against_received(member: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    page = member.get("/trades")
    for text in (
        "3.27 Wh",
        "2.04 Wh",
        "1.23 Wh",
        "From Alder",
        "To Cedar",
        "supplying",
        "settled",
        "refunded",
    ):
        assert text in page


def test_an_older_page_begins_where_the_newer_ends(member: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path, now=1_000_000.0)
    page = member.get(f"/trades?before={1_000_000.0 - 5_000}")
    assert made_up.order(4) in page
    assert made_up.order(5) not in page
    assert "Newest" in page


def test_a_trade_is_told_step_by_step_with_links_to_its_proofs(member: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    page = member.get(f"/trades/{made_up.order(8)}")
    assert "3.14 Wh from Alder" in page
    assert f'href="/explorer/tx/0x{"8d" * 32}"' in page
    assert 'href="/explorer/block/4182"' in page
    assert "13 vouchers in between" in page
    assert "Energy flows" in page


def test_a_trade_shows_what_the_relay_wrote_down_of_it(member: Visitor, tmp_path: Path) -> None:
    made_up.furnish(tmp_path)
    page = member.get(f"/trades/{made_up.order(8)}")
    assert (
        page.index("Leaving home for tie 11")
        < page.index("Tie 11 closed")
        < page.index("Going home from tie")
    )
    assert "Its household went home" in page
    assert "Feed 1 closed" not in page, "that was for a neighbour's order"
    (tmp_path / "state" / "relay.db").unlink()
    assert "wrote down" not in member.get(f"/trades/{made_up.order(8)}")


def test_a_sale_shows_the_feed_of_its_own_order(tmp_path: Path) -> None:
    sold, other = made_up.trade(7, 100.0, side=Side.SELLER), made_up.trade(8, 100.0)
    written = [
        Written(
            entry=Entry(seq=n, at=103_000_000, event=event, contact=1, facts={"order": order[2:], **more}),
            hash=bytes(32),
        )
        for n, (event, order, more) in enumerate(
            [
                ("feed closed", sold.order, {}),
                ("feed open", sold.order, {"why": "the lease ran out"}),
                ("feed closed", other.order, {}),
            ]
        )
    ]
    assert [(line.text, line.why) for line in recorded(sold, written)] == [
        ("Feed 1 closed", ""),
        ("Feed 1 opened", "The lease ran out"),
    ]


def test_everything_that_a_relay_tells_of_contacts_has_its_words() -> None:
    sources = [path.read_text() for path in Path(relay_server.__path__[0]).rglob("*.py")]
    told = {event for source in sources for event in re.findall(r'Tell\(\s*event="([^"]+)"', source)}
    assert {"tie closed", "feed open"} <= told
    assert told - set(EVENTS) == {"boot", "stop", "everything home"}


@pytest.mark.parametrize("order", ["0x" + "00" * 32, "0x12", "..", "%3Cscript%3E"])
def test_an_unknown_trade_is_not_found(member: Visitor, order: str) -> None:
    assert member.code(f"/trades/{order}") == 404


def test_every_state_and_every_side_has_its_summary() -> None:
    for side in Side:
        for state in TradeState:
            assert Story(made_up.trade(1, 0.0, state, side), ()).summary
    assert set(STATES) == set(TradeState)


def test_every_step_that_trades_document_has_its_words() -> None:
    documented = inspect.getsource(Step).split('"""')[3]
    names = [name.strip() for name in documented.replace("\n", " ").rstrip(". ").split(",")]
    assert "feed-closed" in names
    assert set(names) == set(STEPS)


def test_a_step_of_tomorrow_is_shown_by_its_name() -> None:
    story = Story(made_up.trade(1, 0.0), (Step(name="moon-rose", at=1.0, kind=Proof.NONE),))
    assert story.entries[0].title == "Moon rose"


def test_what_may_still_come_back_is_said_to() -> None:
    assert paid(made_up.trade(1, 0.0, TradeState.SUPPLIED)).startswith("≤ ")
    assert paid(made_up.trade(1, 0.0, TradeState.REFUNDED)) == "nothing"
