from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from node.dapp.api.parameters import Form, MomentField, Number, moment, read
from node.dapp.api.problems import Problem
from node.dapp.api.tokens import Scope
from node.local_time import unix_ms, written, zone

PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, kw_only=True)
class Asked:
    meter: Annotated[str, Form("[a-z]+", "load")]
    from_: MomentField | None = None
    limit: Annotated[int, Number(1, 9)] = 5
    scope: Scope | None = None


def asked(text: str) -> Asked:
    pairs = [(name, value) for name, _, value in (each.partition("=") for each in text.split("&"))]
    return read(Asked, {}, MultiDict(pairs), PARIS)


def test_what_is_left_out_is_as_it_says() -> None:
    assert asked("meter=load") == Asked(meter="load")


def test_each_is_read_by_its_kind() -> None:
    told = asked("meter=load&from=2026-01-01&limit=9&scope=metrics")
    assert told == Asked(meter="load", from_=1_767_222_000_000, limit=9, scope=Scope.METRICS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("limit=3", "“meter” is missing: write it as in load"),
        ("meter=load&limit=10", "“limit” cannot be “10”: write a whole number from 1 to 9"),
        ("meter=load&limit=٣", "write a whole number"),
        ("meter=load&limit=3&limit=4", "given more than once"),
        ("meter=load&from=yesterday", "write a time as 2026-03-29T06:00:00+01:00, as Unix seconds"),
        ("meter=load&from=2026-02-30", "cannot be “2026-02-30”"),
        ("meter=load&scope=all", "write one of read:readings"),
        ("meter=load&form=1", "There is no parameter “form” here; there are: from, limit, meter, scope."),
    ],
)
def test_what_makes_no_sense_is_told_with_what_would(text: str, says: str) -> None:
    with pytest.raises(Problem) as refused:
        asked(text)
    assert refused.value.status == 400
    assert says in refused.value.detail


@pytest.mark.parametrize(
    ("text", "unix"),
    [
        ("0", 0),
        ("1764099071.5", 1_764_099_071_500),
        ("2026-03-29", 1_774_738_800_000),
        ("2026-03-29T06:00:00+02:00", 1_774_756_800_000),
        ("2026-03-29T06:00:00 02:00", 1_774_756_800_000),  # the plus sign as a browser's address bar sends it
        ("2026-03-29T04:00:00Z", 1_774_756_800_000),
        ("2026-03-29T06:00:00", 1_774_756_800_000),
        ("2026-03-29t04:00:00z", 1_774_756_800_000),
        ("0001-01-01", 0),
        ("0001-01-01T00:00:00+01:00", 0),
        ("9999-12-31T23:59:59Z", 32_503_680_000_000),
    ],
)
def test_a_moment_is_read_in_each_of_its_writings(text: str, unix: int) -> None:
    assert moment(text, PARIS) == unix


@given(st.integers(0, 32_503_680_000_000), st.sampled_from(["Europe/Paris", "UTC", "Australia/Lord_Howe"]))
def test_what_is_written_is_read_as_the_same_moment(at: int, name: str) -> None:
    assert moment(written(at, zone(name)), PARIS) == at
    assert unix_ms(datetime.fromtimestamp(at // 1_000, UTC)) == at // 1_000 * 1_000
