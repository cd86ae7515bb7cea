from hypothesis import given
from hypothesis import strategies as st

from node.dapp.live import changes, frame

TABLES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3))


def test_an_event_has_its_name_its_number_and_one_line_of_data() -> None:
    assert frame("block", 7, {"number": 4_231}) == b'event: block\nid: 7\ndata: {"number":4231}\n\n'


def test_a_line_break_in_a_text_does_not_end_the_event() -> None:
    assert frame("node_data", 1, {"reason": "a\nb"}).count(b"\n") == 4


def test_what_stays_is_not_told_again() -> None:
    assert changes({"a": 1, "b": 2}, {"a": 1, "b": 3}) == {"b": 3}


def test_what_is_gone_is_told() -> None:
    assert changes({"a": 1}, {}) == {"a": None}


@given(TABLES, TABLES)
def test_changes_lead_from_one_table_to_the_other(before: dict[str, int], after: dict[str, int]) -> None:
    merged = {**before, **changes(before, after)}
    assert {key: value for key, value in merged.items() if value is not None} == after
