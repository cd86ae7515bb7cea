from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.keys import checksum
from node.intents.errors import Malformed
from node.intents.kinds import (
    BuyNow,
    ChangeLimit,
    Intent,
    Limit,
    OwnOffer,
    Pause,
    Resume,
    Revoke,
    SendTokens,
    SetOffer,
    Stop,
    read,
    recipient,
    write,
)
from quantities import Energy, Price, SoC, Tokens

ACCOUNT = checksum("0x" + "ab" * 20)

energies = st.integers(1, 2**63 - 1).map(Energy)
prices = st.integers(0, 2**128 - 1).map(Price)
tokens = st.integers(1, 2**128 - 1).map(Tokens)
offers = st.builds(OwnOffer, price=prices, most=energies, on=st.booleans())
limits = st.one_of(
    st.builds(ChangeLimit, limit=st.sampled_from([Limit.LIMIT, Limit.RESUME]),
              value=st.none() | st.integers(0, 10_000).map(SoC)),
    st.builds(ChangeLimit, limit=st.just(Limit.MAX_PRICE), value=st.none() | prices),
    st.builds(ChangeLimit, limit=st.just(Limit.DAILY_BUDGET), value=st.none() | tokens),
)  # fmt: skip
intents = st.one_of(
    st.builds(BuyNow, energy=st.none() | energies),
    st.sampled_from([Stop(), Pause(), Resume()]),
    st.builds(SetOffer, contact=st.integers(0, 2**32 - 1), offer=st.none() | offers),
    limits,
    st.builds(Revoke, spender=st.just(ACCOUNT)),
    st.builds(SendTokens, to=st.sampled_from(["alder", "house-7", ACCOUNT]), amount=tokens),
)


@given(intents)
def test_what_is_written_is_read(intent: Intent) -> None:
    assert read(*write(intent)) == intent


@given(st.text(max_size=12), st.text(max_size=80))
def test_a_text_is_an_intent_or_is_refused_with_a_sentence(kind: str, body: str) -> None:
    with pytest.raises(Malformed, match=r"\.$"):
        read(kind, body)


@given(intents, st.sampled_from(["more", "less", "number", "list", "twice"]), st.data())
def test_an_intent_with_anything_amiss_is_none(intent: Intent, amiss: str, data: st.DataObject) -> None:
    kind, body = write(intent)
    fields = json.loads(body)
    if amiss == "more":
        body = json.dumps({**fields, "gas": "1"})
    elif not fields:
        body = "[]"
    else:
        name = data.draw(st.sampled_from(sorted(fields)))
        changed = {"number": {**fields, name: 1}, "list": {**fields, name: ["1"]}}.get(amiss, fields)
        if amiss == "less":
            changed = {key: value for key, value in fields.items() if key != name}
        body = json.dumps(changed)
        if amiss == "twice":
            body = body[:-1] + f', "{name}": null}}'
    with pytest.raises(Malformed):
        read(kind, body)


@pytest.mark.parametrize(
    "amount", ["-1", "0", "1.5", "1e3", " 1", "1 ", "١", "01", "", "0x10", "9" * 60, "nan", "+1", "1_0"]
)
def test_an_amount_is_a_positive_integer_in_digits(amount: str) -> None:
    with pytest.raises(Malformed):
        read("send", json.dumps({"to": "alder", "amount": amount}))


@pytest.mark.parametrize("value", ["10001", "-1", "50 %"])
def test_a_state_of_charge_is_one(value: str) -> None:
    with pytest.raises(Malformed):
        read("limit", json.dumps({"limit": "limit", "value": value}))


@pytest.mark.parametrize("limit", ["enabled", "keep", "", None, "LIMIT"])
def test_no_other_key_of_the_policy_is_changed(limit: str | None) -> None:
    with pytest.raises(Malformed):
        read("limit", json.dumps({"limit": limit, "value": "1"}))


def test_a_long_body_is_not_even_read() -> None:
    with pytest.raises(Malformed):
        read("buy", '{"energy":null}' + " " * 600)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(Malformed):
        read("buy", "[" * 500)


def test_a_misspelt_account_is_found_by_its_capitals() -> None:
    assert recipient(ACCOUNT.lower()) == ACCOUNT
    swapped = "0x" + ACCOUNT[2:].swapcase()
    with pytest.raises(Malformed, match="misspelt"):
        recipient(swapped)


@pytest.mark.parametrize("to", ["", "Alder", "alder\n", "al der", "0x1234", "-alder", "a" * 32, "../x"])
def test_a_recipient_is_a_name_or_an_account(to: str) -> None:
    with pytest.raises(Malformed):
        recipient(to)
