"""What the doctor makes of the facts."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.bindings import Household, Role
from node.client_interaction.status import State, Status
from node.doctor import (
    Failed,
    Finding,
    Ok,
    Warned,
    chain,
    clock,
    contracts,
    keys,
    pages,
    relay,
    sensors,
    storage,
    trading,
)
from node.doctor.examination import examine, guarded
from node.readings.spool.status import Status as Spooled
from node.sensors.driver import Measurement, Quantity
from node.sensors.status import State as SensorState
from node.sensors.status import Status as SensorStatus
from quantities import Tokens
from relay_server.acts import HOME, Cycle
from relay_server.messages import ContactState
from relay_server.persistence import Persistence
from relay_server.settings import RelaySettings
from store.snapshot import Snapshot, boottime

ACCOUNT = "0x" + "ab" * 20
EXAMPLE = Path(__file__).parents[4] / "config.example.yml"


def entry(**changes: object) -> Household:
    fields = {"account": ACCOUNT, "name": "birch", "role": Role.CONSUMER, "enode": "", "relay": ""}
    return Household(**{**fields, **changes})  # type: ignore[arg-type]


def told(**fields: object) -> Snapshot:
    return Snapshot(fields=fields, sampled=0.0)


def test_a_block_every_second_may_be_ten_seconds_late() -> None:
    assert isinstance(chain.judged(chain.Head(7, 9.0), period=1), Ok)


def test_a_block_that_is_some_periods_late_is_worth_a_warning() -> None:
    assert isinstance(chain.judged(chain.Head(7, 30.0), period=5), Warned)


def test_a_chain_that_stands_still_fails() -> None:
    found = chain.judged(chain.Head(7, 300.0), period=5)
    assert isinstance(found, Failed)
    assert "signers" in found.advice


def test_another_chain_fails_with_both_ids() -> None:
    found = chain.same_chain(1, 2, "http://127.0.0.1:8545")
    assert isinstance(found, Failed)
    assert "follows chain 1, the genesis file is of chain 2" in found.what


def test_a_node_without_peers_fails() -> None:
    assert isinstance(chain.peers(told(peers=0, sealing=True), signers=3), Failed)


def test_the_only_signer_of_its_chain_may_be_alone() -> None:
    assert isinstance(chain.peers(told(peers=0, sealing=True, geth="1.13.15"), signers=1), Ok)


def test_a_chain_process_that_says_nothing_is_worth_a_warning() -> None:
    assert isinstance(chain.peers(None, signers=3), Warned)


def test_a_clock_behind_the_chain_fails() -> None:
    found = clock.judged(clock.Facts(now=1_000.0, synchronised=True, head=1_060))
    assert isinstance(found, Failed)
    assert "60 s behind" in found.what


@pytest.mark.parametrize(("synchronised", "kind"), [(True, Ok), (False, Warned), (None, Ok)])
def test_a_clock_without_contradiction_is_as_good_as_its_service(
    synchronised: bool | None, kind: type[Finding]
) -> None:
    assert isinstance(clock.judged(clock.Facts(now=1_000.0, synchronised=synchronised, head=990)), kind)


def test_a_household_that_is_not_in_the_registry_fails() -> None:
    assert isinstance(contracts.admitted(ACCOUNT, "birch", []), Failed)


def test_a_suspended_household_fails() -> None:
    assert isinstance(contracts.admitted(ACCOUNT, "birch", [entry(admitted=False)]), Failed)


def test_a_household_under_another_name_is_worth_a_warning() -> None:
    assert isinstance(contracts.admitted(ACCOUNT, "birch", [entry(name="cedar")]), Warned)


def test_an_admitted_household_is_fine() -> None:
    assert contracts.admitted(ACCOUNT, "birch", [entry()]) == Ok("birch is admitted")


@pytest.mark.parametrize(("wei", "kind"), [(0, Failed), (10**14, Warned), (10**18, Ok)])
def test_the_gas_credit_has_to_last(wei: int, kind: type[Finding]) -> None:
    assert isinstance(contracts.fees(wei), kind)


@pytest.mark.parametrize(
    ("balance", "buys", "kind"),
    [("0", True, Warned), ("0", False, Ok), ("0.000001", True, Ok)],
)
def test_an_empty_purse_matters_to_who_buys(balance: str, buys: bool, kind: type[Finding]) -> None:
    assert isinstance(contracts.purse(Tokens.parse(balance), buys=buys), kind)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (State.HOME, Ok),
        (State.BUYING, Ok),
        (State.SUPPLIED, Ok),
        (State.RETURNING, Ok),
        (State.OFF, Ok),
        (State.NO_SUPPLY, Warned),
        (State.FAULT, Failed),
    ],
)
def test_the_traders_own_word_is_taken_with_its_advice(state: State, kind: type[Finding]) -> None:
    found = trading.judged(Status(state=state, reason="Why it is so.", next="What comes next.", since=0.0))
    assert isinstance(found, kind)
    assert "Why it is so." in found.what
    assert isinstance(found, Ok) or found.advice == "What comes next."


@pytest.mark.parametrize(("code", "kind"), [(200, Ok), (302, Ok), (404, Failed), (503, Failed)])
def test_pages_that_answer_with_an_error_fail(code: int, kind: type[Finding]) -> None:
    assert isinstance(pages.judged("http://10.0.0.2:8080/", code), kind)


@given(st.integers(min_value=0, max_value=10**13))
def test_less_room_never_sounds_better(free: int) -> None:
    order = [Failed, Warned, Ok]
    less = order.index(type(storage.room(Path("/"), free // 2)))
    assert less <= order.index(type(storage.room(Path("/"), free)))


def test_a_folder_that_cannot_be_made_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert isinstance(storage.usable("paths.state", tmp_path / "file" / "below"), Failed)


def test_a_database_that_is_none_fails(tmp_path: Path) -> None:
    broken = tmp_path / "trade.db"
    broken.write_bytes(b"this is no database" * 100)
    found = storage.intact(broken)
    assert isinstance(found, Failed)
    assert str(broken) in found.what


def test_a_latched_fault_fails_and_says_how_to_clear_it() -> None:
    contacts = (ContactState(contact=1, closed=False), ContactState(contact=2, closed=False, fault="stuck"))
    [found] = relay.faults(contacts)
    assert isinstance(found, Failed)
    assert found.advice.endswith("commonwatt relay clear 2")


CONTACTS = RelaySettings.model_validate(
    {
        "feeds": [
            {"contact": 1, "pin": 17, "meter": "feed-1", "life": 10},
            {"contact": 2, "pin": 18, "meter": "feed-2", "life": 10},
        ],
        "transfer": {"home_pin": 22, "home_life": 10},
    }
)


def test_contacts_near_their_rated_life_are_worth_a_warning(tmp_path: Path) -> None:
    database = tmp_path / "relay.db"
    with closing(Persistence(database, 1.0)) as records:
        records.start(lambda instruction: None)
        records.keep([Cycle(contact=1)] * 7 + [Cycle(contact=2)] * 8 + [Cycle(contact=HOME)] * 12)
    tie, home = sorted(relay.used(CONTACTS, database), key=lambda found: found.what)
    assert isinstance(tie, Warned)
    assert tie.what == "contact 2 has moved 8 times, 80% of its rated life"
    assert isinstance(home, Warned)
    assert home.what == "home has moved 12 times, 120% of its rated life"
    assert home.advice.endswith("relay.transfer.home_life")


def test_a_relay_that_has_not_run_yet_has_worn_nothing(tmp_path: Path) -> None:
    assert list(relay.used(CONTACTS, tmp_path / "relay.db")) == []


def test_records_that_are_none_are_worth_a_warning(tmp_path: Path) -> None:
    (tmp_path / "relay.db").write_bytes(b"this is no database" * 100)
    [found] = relay.used(CONTACTS, tmp_path / "relay.db")
    assert isinstance(found, Warned)


def test_a_sensor_shows_its_power_first() -> None:
    measured = [Measurement(Quantity.VOLTAGE, 5_000, 0.0), Measurement(Quantity.POWER, 12_345, 0.0)]
    assert sensors.shown(measured) == "12.3 W"
    assert sensors.shown(measured[:1]) == "voltage 5000 mV"
    assert sensors.shown([]) == "answers without a measurement"


def test_a_sensor_is_what_the_logger_says_of_it() -> None:
    live = SensorStatus(
        driver="x", state=SensorState.LIVE, taken=boottime(), values={"voltage": 3_700, "soc": 4_000}
    )
    found = sensors.judged("battery", live, paid=False)
    assert isinstance(found, Ok) and found.what.startswith("battery: voltage 3700 mV, 0.")
    stale = replace(live, state=SensorState.STALE, reason="it has had nothing new for 9 s")
    found = sensors.judged("battery", stale, paid=False)
    assert isinstance(found, Failed) and found.what == "battery is stale: it has had nothing new for 9 s"
    assert "commonwatt sensor try" in found.advice
    starting = SensorStatus(driver="x", state=SensorState.STARTING, reason="the broker has sent nothing yet")
    assert isinstance(sensors.judged("battery", starting, paid=False), Warned)


def test_nobody_should_be_paid_by_what_is_assumed() -> None:
    clamp = SensorStatus(
        driver="x", state=SensorState.LIVE, taken=boottime(), values={"power": 5_000}, quality="uncertain"
    )
    assert isinstance(sensors.judged("load", clamp, paid=False), Ok)
    found = sensors.judged("tie-11", clamp, paid=True)
    assert isinstance(found, Warned) and "assumed, not measured" in found.what


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    found = keys.opened("the account", tmp_path / "key.json", tmp_path / "key.password")
    assert isinstance(found, Failed)
    assert "commonwatt key new" in found.advice


def test_a_key_that_is_there_is_not_to_be_made_anew(tmp_path: Path) -> None:
    (tmp_path / "key.json").write_text("{}")
    (tmp_path / "key.json").chmod(0o644)
    found = keys.opened("the account", tmp_path / "key.json", tmp_path / "key.password")
    assert isinstance(found, Failed)
    assert "commonwatt key new" not in found.advice


def test_a_key_of_another_account_than_configured_fails(tmp_path: Path) -> None:
    from chain.keys import create, write_private

    create(tmp_path / "key.json", "secret")
    write_private(tmp_path / "key.password", b"secret")
    found = keys.opened("the account", tmp_path / "key.json", tmp_path / "key.password", ACCOUNT)
    assert isinstance(found, Failed)
    assert "account.address says" in found.what


def test_a_check_that_breaks_is_a_finding_and_no_traceback() -> None:
    def broken(settings: object) -> list[Finding]:
        raise RuntimeError("oh")

    [found] = guarded(broken, None)  # type: ignore[arg-type]
    assert isinstance(found, Failed)
    assert "RuntimeError: oh" in found.what


def test_a_wrong_configuration_is_told_problem_by_problem(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("trading: {limt: 1 %}\ndapp: {listen: x}\n")
    found = list(examine([EXAMPLE, wrong]))
    assert [entry.check for entry in found] == ["config", "config"]
    assert all(isinstance(entry.finding, Failed) for entry in found)


def test_a_store_that_is_away_and_what_was_lost_by_it_are_told() -> None:
    assert list(storage.spooled(None)) == list(storage.spooled(Spooled(waiting=40))) == []
    away = Spooled(waiting=40, since=1_764_460_800.0, reason="PostgreSQL is gone", dropped=7, dropped_at=1.0)
    failed, warned = storage.spooled(away)
    assert isinstance(failed, Failed) and "40 samples wait" in failed.what and "is gone" in failed.what
    assert isinstance(warned, Warned) and "7 samples are lost" in warned.what
