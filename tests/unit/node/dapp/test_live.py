from hypothesis import given
from hypothesis import strategies as st

from node.dapp.live import changes

TABLES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3))


def test_what_stays_is_not_told_again() -> None:
    assert changes({"a": 1, "b": 2}, {"a": 1, "b": 3}) == {"b": 3}


def test_what_is_gone_is_told() -> None:
    assert changes({"a": 1}, {}) == {"a": None}


@given(TABLES, TABLES)
def test_changes_lead_from_one_table_to_the_other(before: dict[str, int], after: dict[str, int]) -> None:
    merged = {**before, **changes(before, after)}
    assert {key: value for key, value in merged.items() if value is not None} == after
