"""When somebody is told, and of what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from node.alerts import Alert, Severity
from node.notify.following import CALM, LASTING, REMIND, Kind, Message, Trouble, after, due, follow

FULL = Alert(code="disk-full", severity=Severity.CRITICAL, says="The disk is full.", act="Empty it.")
LOW = Alert(code="disk-low", severity=Severity.WARNING, says="The disk is nearly full.", act="Empty it.")


class Story:
    """Looks at alerts second by second, and remembers what was told."""

    def __init__(self) -> None:
        self.troubles: dict[str, Trouble] = {}
        self.told: list[tuple[float, Kind, str]] = []

    def look(
        self, now: float, *alerts: Alert, reached: bool = True, quiet: bool = False
    ) -> tuple[Message, ...]:
        self.troubles = follow(self.troubles, alerts, now)
        messages = due(self.troubles, now, Severity.WARNING, quiet=quiet)
        if reached:
            self.troubles = after(self.troubles, messages, now)
            self.told += [(now, m.kind, m.trouble.alert.key) for m in messages]
        return messages


def test_what_lasts_is_told_once_and_again_when_it_is_over() -> None:
    story = Story()
    for now in range(100):
        story.look(now, FULL)
    for now in range(100, 400):
        story.look(now)
    assert story.told == [(30, Kind.BEGAN, "disk-full"), (100 + CALM, Kind.OVER, "disk-full")]


def test_what_mends_itself_at_once_is_not_told() -> None:
    story = Story()
    for now in range(1_000):
        story.look(now, *([FULL] if now % 40 < 25 else []))
    assert story.told == []


def test_what_flickers_once_it_was_told_is_not_told_again() -> None:
    story = Story()
    for now in range(2_000):
        story.look(now, *([FULL] if now < 40 or now % 100 < 10 else []))
    assert [kind for _, kind, _ in story.told] == [Kind.BEGAN]


def test_a_warning_waits_longer_than_what_is_critical() -> None:
    story = Story()
    for now in range(400):
        story.look(now, FULL, LOW)
    assert story.told == [
        (LASTING[Severity.CRITICAL], Kind.BEGAN, "disk-full"),
        (LASTING[Severity.WARNING], Kind.BEGAN, "disk-low"),
    ]


def test_at_night_only_what_is_critical_is_told_and_the_rest_in_the_morning() -> None:
    story = Story()
    for now in range(0, 3_600, 5):
        story.look(now, FULL, LOW, quiet=now < 3_000)
    assert story.told == [(30, Kind.BEGAN, "disk-full"), (3_000, Kind.BEGAN, "disk-low")]


def test_what_was_wrong_at_night_and_is_right_in_the_morning_is_not_told() -> None:
    story = Story()
    for now in range(0, 3_600, 5):
        story.look(now, *([LOW] if now < 2_000 else []), quiet=now < 3_000)
    assert story.told == []


def test_what_stays_critical_is_told_daily() -> None:
    story = Story()
    for now in range(0, int(2.5 * REMIND), 60):
        story.look(now, FULL, LOW)
    kinds = [(kind, key) for _, kind, key in story.told]
    assert kinds.count((Kind.LASTS, "disk-full")) == 2
    assert (Kind.LASTS, "disk-low") not in kinds


def test_what_reached_nobody_is_still_due() -> None:
    story = Story()
    for now in range(0, 60, 5):
        story.look(now, FULL, reached=False)
    assert [message.kind for message in story.look(60, FULL)] == [Kind.BEGAN]
    assert story.look(65, FULL) == ()


def test_a_clock_that_is_set_back_silences_nothing() -> None:
    story = Story()
    story.look(10_000, FULL)
    for now in range(0, 60, 5):
        story.look(now, FULL)
    assert story.told == [(30, Kind.BEGAN, "disk-full")]


def test_nothing_below_the_wished_level_is_told() -> None:
    troubles = {"disk-low": Trouble(alert=LOW, since=0)}
    assert due(troubles, 1_000, Severity.CRITICAL) == ()
    assert len(due(troubles, 1_000, Severity.WARNING)) == 1


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(1, 400)), max_size=60))
def test_for_each_alert_began_and_over_take_turns(steps: list[tuple[bool, bool, int]]) -> None:
    story, now = Story(), 0
    for full, low, seconds in steps:
        now += seconds
        story.look(now, *[alert for alert, on in ((FULL, full), (LOW, low)) if on])
    for key in ("disk-full", "disk-low"):
        turns = [kind for _, kind, of in story.told if of == key and kind is not Kind.LASTS]
        assert turns == [Kind.BEGAN, Kind.OVER] * (len(turns) // 2) + [Kind.BEGAN] * (len(turns) % 2)
