"""Seals, frames, charge, settings, Wi-Fi: each by itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.logger.curves import CELLS, Chemistry, curve
from node.logger.settings import BatterySettings
from pathboard import seal
from pathboard.charge import LI_ION, REST_MS, Charge, level
from pathboard.session import whole
from pathboard.settings import Broken, Settings
from pathboard.wifi import LONGEST_PAUSE, PATIENCE, Reconnect
from tests.unit.firmware.esp32.made import LOOK, SWITCH, Talk, make_node, settings_text

EXAMPLE = Path(__file__).parents[4] / "firmware" / "esp32" / "settings.example.json"


@given(st.binary(max_size=200), st.binary(max_size=300))
def test_the_seal_is_hmac_sha256(key: bytes, text: bytes) -> None:
    assert seal.seal(key, text) == hmac.digest(key, text, hashlib.sha256)


@given(st.binary(max_size=8), st.binary(max_size=8))
def test_seals_are_the_same_only_when_they_are_equal(one: bytes, other: bytes) -> None:
    assert seal.same(one, other) == (one == other)
    assert seal.same(one, one)


@given(st.text(max_size=16))
def test_a_number_has_one_way_to_be_written(text: str) -> None:
    number = whole(text, 9_999)
    assert number is None or str(number) == text


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "HELLO"),
        (b"1 STATUS " + b"0" * 64, "HELLO"),
        (b"HELLO 2 switch " + b"0" * 32, "VERSION"),
        (b"HELLO 1 owner " + b"0" * 32, "ROLE"),
        (b"HELLO 1 switch " + b"0" * 31, "FRAME"),
        (b"HELLO 1 switch " + b"G" * 32, "FRAME"),
        (b"HELLO 1 switch", "FRAME"),
        (b"\xff\xfe", "FRAME"),
        (b"HELLO 1 switch " + b"0" * 31 + b"\0", "FRAME"),
    ],
)
def test_a_first_line_that_is_no_hello_is_refused(line: bytes, code: str) -> None:
    node = make_node()
    assert node.answer(node.session(bytes(12)), line) == f"ERR {code}\n".encode()


def test_a_second_hello_on_a_connection_is_refused() -> None:
    talk = Talk(make_node())
    assert talk.send(b"HELLO 1 switch " + b"0" * 32) == "ERR FRAME\n"


@given(st.binary(max_size=256))
def test_garbage_gets_an_error_and_nothing_else(line: bytes) -> None:
    node = make_node()
    talk = Talk(node)
    assert talk.send(line).startswith("ERR ")
    assert node.outputs == (False, False)


def test_the_curve_runs_from_empty_to_full_and_always_rises() -> None:
    levels = [level(mv) for mv in range(2_700, 4_300)]
    assert levels == sorted(levels)
    assert (levels[0], levels[-1]) == (0, 10_000)
    assert [level(mv) for mv, _ in LI_ION] == [soc for _, soc in LI_ION]
    assert level(3_720) == 4_500


def test_the_pi_reckons_by_the_boards_curve_from_2800_to_4200_millivolts() -> None:
    settings = BatterySettings(sensor="battery", capacity="11 Wh", chemistry=Chemistry.LI_ION)
    its = curve(settings)
    assert [(mv, round(soc * 10_000)) for soc, mv in CELLS[Chemistry.LI_ION]] == [*LI_ION]
    assert (LI_ION[0], LI_ION[-1]) == ((2_800, 0), (4_200, 10_000))
    for millivolts in range(2_700, 4_300):
        assert abs(its.level(millivolts) * 10_000 - level(millivolts)) <= 1


def test_counted_charge_is_what_went_in_and_out() -> None:
    charge = Charge(3_000)
    charge.turn(10, 3_750, 1_500)
    for _ in range(36_000):  # half an hour at 1.5 A: a quarter of 3 Ah
        charge.turn(50, 3_900, 1_500)
    assert charge.soc == 7_500
    for _ in range(36_000):
        charge.turn(50, 3_700, -1_500)
    assert (charge.soc, charge.by) == (5_000, "coulomb")


def test_the_count_is_set_right_after_a_long_rest_and_at_both_ends() -> None:
    charge = Charge(3_000)
    charge.turn(10, 3_750, 500)
    for _ in range(REST_MS // 1_000):
        charge.turn(1_000, 3_930, 20)
    assert charge.soc == 7_000
    charge.turn(1_000, 4_200, 100)
    assert charge.soc == 10_000
    charge.turn(1_000, 2_800, -500)
    assert charge.soc == 0


def test_without_a_current_the_curve_is_all_there_is() -> None:
    charge = Charge(3_000)
    charge.turn(10, 3_750, None)
    assert (charge.soc, charge.by) == (5_000, "curve")


def test_the_example_only_wants_keys_of_its_own() -> None:
    text = EXAMPLE.read_text()
    with pytest.raises(Broken, match=r"keys\.switch: is the example's; make your own: openssl rand -hex 32"):
        Settings(text)
    given = json.loads(text)
    given["keys"] = {"switch": SWITCH.hex(), "look": LOOK.hex()}
    settings = Settings(json.dumps(given))
    assert (settings.port, settings.lease_ms, settings.limits) == (
        15_556,
        5_000,
        (2_500, 3_000, 4_180, 4_250),
    )
    assert settings.volts(1_850) == 3_700


BATTERY = {"cells": 1, "capacity_mah": 3000}


NO_CURVE = r"battery\.curve: write rising pairs"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"wifi": None}, "wifi: is missing"),
        ({"wifi": []}, "wifi: write an object"),
        ({"wifi": {"ssid": "x", "password": "short"}}, r"wifi\.password: write a text of 8 to 63"),
        ({"prot": 1}, "prot: there is no such key"),
        ({"port": 70_000}, "port: 70000; write a whole number from 1 to 65535"),
        ({"port": True}, "port: True"),
        ({"keys": {"switch": "ab"}}, r"keys\.switch: write 64 hexadecimal digits"),
        ({"keys": {"switch": SWITCH.hex(), "look": SWITCH.hex()}}, r"keys\.look: is the same"),
        ({"battery": BATTERY | {"under": 3_100}}, "under < empty < full < over"),
        (
            {"battery": BATTERY | {"curve": [[3_000, 0], [2_900, 10_000]]}},
            r"battery\.curve: write rising pairs",
        ),
        (
            {"battery": BATTERY | {"curve": [[3_000, 0], [4_000, 9_000]]}},
            r"battery\.curve: write rising pairs",
        ),
        ({"battery": {"cells": 1}}, r"battery\.capacity_mah: is missing"),
        ({"paths": {"dead_ms": 50}}, r"paths\.dead_ms: 50; write a whole number from 100"),
        ({"voltage": {"pin": 26}}, r"voltage\.pin: 26; choose a pin of 32"),
        ({"current": {"pin": 34, "mv_per_a": 66, "zero_mv": 1650}}, "two inputs have the same pin"),
        ({"current": {"pin": 35, "mv_per_a": 0, "zero_mv": 1650}}, r"current\.mv_per_a: 0"),
        ({"auxiliary": {"supply": 25, "receive": 33}}, r"auxiliary\.supply: 25; choose a pin"),
    ],
)
def test_broken_settings_name_the_key_and_what_to_write(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(Broken, match=why):
        Settings(settings_text(**changes))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["wifi", "keys", "battery"]), inner, max_size=3)
    ),
)


@given(st.text(max_size=40) | JSON.map(json.dumps))
def test_any_other_text_is_broken_and_not_worse(text: str) -> None:
    with pytest.raises(Broken):
        Settings(text)


def test_wifi_is_tried_again_after_ever_longer_pauses() -> None:
    reconnect, acts = Reconnect(), []
    for at in range(0, 600_000, 1_000):
        act = reconnect.turn(1_000, False)
        if act == "join":
            acts.append(at)
    pauses = [later - earlier - PATIENCE for earlier, later in pairwise(acts)]
    assert acts[0] == 0
    assert pauses[:5] == [1_000, 2_000, 4_000, 8_000, 16_000]
    assert max(pauses) == LONGEST_PAUSE
    reconnect.turn(1_000, True)
    assert reconnect.turn(1_000, False) == "join"
