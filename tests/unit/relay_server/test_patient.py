from __future__ import annotations

import pytest

from relay_server.drivers.recording import RecordingPins
from relay_server.patient import PatientPins
from relay_server.trying import Verdict, try_contact
from tests.unit.relay_server.bench import FEED, FEED_PIN, HOME_PIN, SETTINGS, TIE, TIE_PIN
from tests.unit.relay_server.stalling import Stalling


@pytest.fixture
def calls() -> Stalling:
    return Stalling(lambda: 0.0)


@pytest.fixture
def recorded() -> RecordingPins:
    return RecordingPins(clock=lambda: 0.0)


def test_a_driver_that_returns_is_heard(calls: Stalling, recorded: RecordingPins) -> None:
    pins = PatientPins(recorded, calls)
    pins.drive(FEED_PIN, True)
    assert recorded.energised[FEED_PIN]
    assert pins.followed(FEED_PIN) is recorded.followed(FEED_PIN)
    recorded.broken.add(TIE_PIN)
    with pytest.raises(OSError, match="broken"):
        pins.drive(TIE_PIN, True)


def test_a_trial_of_a_pin_that_hangs_ends_with_every_other_coil_released(
    calls: Stalling, recorded: RecordingPins
) -> None:
    calls.hanging.add(TIE_PIN)
    trial = try_contact(
        SETTINGS, TIE, PatientPins(recorded, calls), hold=0, clock=lambda: 0.0, pause=lambda seconds: None
    )
    assert [next(trial).verdict, (stuck := next(trial)).verdict] == [Verdict.GOOD, Verdict.BAD]
    assert "hangs at energise" in stuck.text
    with pytest.raises(TimeoutError, match=f"hangs at release of pin {TIE_PIN}"):
        next(trial)
    assert not recorded.energised[HOME_PIN]


def test_an_auxiliary_contact_that_cannot_be_read_is_bad(
    calls: Stalling, recorded: RecordingPins, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = try_contact(
        SETTINGS, FEED, PatientPins(recorded, calls), hold=0, clock=lambda: 0.0, pause=lambda seconds: None
    )

    def hang_next(pin: int) -> bool:
        calls.hanging.add(pin)
        return False

    monkeypatch.setattr(recorded, "followed", hang_next)
    seen = next(trial)
    assert seen.verdict is Verdict.BAD
    assert "cannot be read: the pin driver hangs at look" in seen.text
    calls.let_go()
    calls.hanging.clear()
    assert list(trial) == []
    assert not recorded.energised[FEED_PIN]
