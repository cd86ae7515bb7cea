"""What a page is told that was away for a while."""

import json

from hypothesis import given
from hypothesis import strategies as st

from node.dapp.live import changes
from node.dapp.replay import Replay


def events(frames: bytes) -> list[dict[str, str]]:
    """The fields of each event."""
    return [
        dict(line.split(": ", 1) for line in event.split("\n"))
        for event in frames.decode().split("\n\n")[:-1]
    ]


def number(frame: bytes) -> str:
    return events(frame)[-1]["id"]


def test_an_event_has_its_name_its_number_and_one_line_of_data() -> None:
    (event,) = events(Replay().add("block", {"number": 4_231}))
    assert event["event"] == "block"
    assert event["id"].endswith("-1")
    assert event["data"] == '{"number":4231}'


def test_a_line_break_in_a_text_does_not_end_the_event() -> None:
    assert Replay().add("node_data", {"reason": "a\nb"}).count(b"\n") == 4


def test_who_comes_back_is_told_what_followed_and_nothing_else() -> None:
    replay = Replay()
    heard = number(replay.add("block", {"number": 1}))
    missed = [replay.add("block", {"number": 2}), replay.add("trade", {"seen": "x"})]
    assert replay.since(heard) == b"".join(missed)


def test_who_missed_nothing_is_told_nothing() -> None:
    replay = Replay()
    assert replay.since(number(replay.add("block", {"number": 1}))) == b""


def test_a_heartbeat_carries_the_number_of_the_event_before_it() -> None:
    replay = Replay()
    replay.add("block", {"number": 1})
    heard = number(replay.frame("heartbeat", {"at": 5}))
    missed = replay.add("block", {"number": 2})
    assert replay.since(heard) == missed


def test_what_is_not_held_any_more_is_unknown() -> None:
    replay = Replay(held=200)
    heard = number(replay.add("block", {"number": 0}))
    for block in range(1, 10):
        replay.add("block", {"number": block})
    assert replay.since(heard) is None


def test_a_number_of_another_process_or_no_number_is_unknown() -> None:
    replay = Replay()
    replay.add("block", {"number": 1})
    for heard in (
        None,
        "",
        "7",
        number(Replay().add("block", {"number": 1})),
        replay.since.__name__,
        "a-b-c",
    ):
        assert replay.since(heard) is None


def test_a_number_that_was_never_given_is_unknown() -> None:
    replay = Replay()
    series = number(replay.add("block", {"number": 1})).partition("-")[0]
    for end in ("2", "-1", "٣", "1.0"):
        assert replay.since(f"{series}-{end}") is None


STATES = st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 3)), min_size=1, max_size=12)


@given(STATES, st.integers(0, 11))
def test_from_wherever_somebody_left_the_replay_leads_to_the_present(
    states: list[dict[str, int]], left: int
) -> None:
    replay, before = Replay(), dict[str, int]()
    shown, heard = dict[str, object](), ""
    for turn, state in enumerate(states):
        changed = changes(before, state)
        frame = replay.add("node_data", changed) if changed else replay.frame("node_data", {})
        before = state
        if turn <= left:
            shown.update(changed)
            heard = number(frame)
    for event in events(replay.since(heard) or b""):
        shown.update(json.loads(event["data"]))
    assert {key: value for key, value in shown.items() if value is not None} == before
