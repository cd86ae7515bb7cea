"""Proofs of single readings: what they are made of, and that nothing in them can be changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.readings import Batch, Sample
from node.readings.chain import GENESIS, Span, next_batch, root
from node.readings.errors import ProofRefused
from node.readings.proof import Proof, Report, dumps, fields, loads, made, parsed

DAY = 86_400
START = 20_000 * DAY
METERS = ("battery", "feed-1", "load", "panel", "tie-11")


def batches(count: int, each: int = 5) -> list[tuple[Batch, list[Sample]]]:
    """Batches of five seconds of five meters."""
    found: list[tuple[Batch, list[Sample]]] = []
    for number in range(count):
        samples = [
            Sample(meter=meter, taken=(START + number * each + second) * 1000, voltage=12_345, current=-1_234,
                   power=-15_233, forward=123_456 + number, reverse=7_890, soc=5_000)
            for meter in METERS
            for second in range(each)
        ]  # fmt: skip
        found.append((next_batch(found[-1][0] if found else None, samples), samples))
    return found


def reported(stored: list[tuple[Batch, list[Sample]]], first: int = 1) -> tuple[Report, list[bytes]]:
    """A report of all batches from a number on."""
    digests = [batch.digest for batch, _ in stored[first - 1 :]]
    before = GENESIS if first == 1 else stored[first - 2][0].digest
    span = Span(start=START, end=START + DAY, first=first, batches=len(digests), before=before)
    report = Report(
        chain_id=4242,
        market="0x" + "Ab" * 20,
        household="0x" + "Cd" * 20,
        transaction="0x" + "ef" * 32,
        span=span,
        root=root(span, digests),
    )
    return report, digests


def proved(count: int, number: int, index: int, first: int = 1) -> Proof:
    stored = batches(count)
    report, digests = reported(stored, first)
    batch, own = stored[number - 1]
    return made(report, digests, batch, own, index)


@given(
    count=st.integers(1, 20), number=st.integers(1, 20), index=st.integers(0, 24), first=st.integers(1, 20)
)
def test_every_reading_can_be_proved(count: int, number: int, index: int, first: int) -> None:
    first = min(first, count)
    number = max(min(number, count), first)
    proof = proved(count, number, index, first)
    assert proof.holds
    assert loads(dumps(proof)).holds


def test_a_proof_of_one_second_of_a_day_fits_in_two_kilobytes() -> None:
    digests = [n.to_bytes(32, "big") for n in range(DAY // 5)]
    batch, own = batches(1)[0]
    report, _ = reported([(batch, own)])
    proof = made(replace(report, span=replace(report.span, batches=len(digests))), digests, batch, own, 12)
    assert len(dumps(proof)) <= 2_000
    thousand = [replace(own[0], taken=own[0].taken + n) for n in range(1_000)]
    assert len(dumps(made(proof.report, digests, replace(batch, samples=1_000), thousand, 12))) <= 2_048


@pytest.fixture(scope="module")
def proof() -> Proof:
    return proved(9, 6, 13, first=2)


@given(data=st.data())
def test_whatever_is_changed_in_a_proof_it_no_longer_holds(data: st.DataObject) -> None:
    given_ = fields(proved(9, 6, 13, first=2))
    free = {("chain",), ("market",), ("household",), ("transaction",)}  # these the chain holds
    places = [place for place in leaves(given_) if place not in free and place != ("proof",)]
    place = data.draw(st.sampled_from(places))
    inner: Any = given_
    for key in place[:-1]:
        inner = inner[key]
    before = inner[place[-1]]
    if isinstance(before, int):
        inner[place[-1]] = data.draw(st.integers(-(2**63), 2**63 - 1).filter(lambda n: n != before))
    else:
        at = data.draw(st.integers(0, len(before) - 1))
        letter = data.draw(st.sampled_from("0123456789abcdefXYZ+/=").filter(lambda c: c != before[at]))
        inner[place[-1]] = before[:at] + letter + before[at + 1 :]
    try:
        changed = parsed(given_)
    except ProofRefused:
        return
    assert not changed.holds


def leaves(given_: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for key, value in given_.items():
        found += leaves(value, (*above, key)) if isinstance(value, dict) else [(*above, key)]
    return found


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"proof":"commonwatt-reading-1"}', "[" * 10_000])
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(ProofRefused, match="no proof"):
        loads(text)


def test_what_stands_twice_or_is_unknown_is_refused(proof: Proof) -> None:
    with pytest.raises(ProofRefused, match="twice"):
        loads(dumps(proof).replace('"chain":', '"chain":1,"chain":'))
    with pytest.raises(ProofRefused, match="unknown"):
        loads(json.dumps({**fields(proof), "note": "trust me"}))


def test_a_sample_outside_of_its_batch_does_not_hold(proof: Proof) -> None:
    assert not replace(proof, batch=replace(proof.batch, last=proof.batch.first)).holds
