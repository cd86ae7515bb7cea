"""Settings in force: the configuration's and what was asked for over it, within its bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from node.client_interaction.settings import FeedOffer, OffersSettings, TradingSettings
from node.intents.caps import Caps
from node.intents.kinds import Limit, OwnOffer
from node.intents.overrides import Override, Overrides, offers, trading, withdrawn
from node.intents.settings import IntentsSettings
from node.intents.wishes import Asked
from node.plain import section
from quantities import Energy, Price, SoC, Tokens

ANNA = Asked(by="anna", at=1.0)
TRADING = TradingSettings()
OFFERS = OffersSettings(
    feeds=tuple(FeedOffer(contact=n, price=Price.parse("0.25"), max_energy=Energy(5_000)) for n in (1, 2))
)
CAPS = Caps.of(IntentsSettings(), TRADING, OFFERS)


def set_to(**values: SoC | Price | Tokens) -> Overrides:
    return Overrides(
        limits={Limit(name): Override(value=value, asked=ANNA) for name, value in values.items()}
    )


def test_nothing_asked_leaves_the_configuration() -> None:
    assert trading(TRADING, Overrides(), CAPS) is TRADING
    assert offers(OFFERS, Overrides(), CAPS) is OFFERS


def test_a_limit_stands_over_the_configurations_for_models_and_plain_records() -> None:
    asked = set_to(limit=SoC(2_000), daily_budget=Tokens(3))
    for base in (TRADING, section(TRADING)):
        now = trading(base, asked, CAPS)  # type: ignore[arg-type]
        assert (now.limit, now.daily_budget) == (SoC(2_000), Tokens(3))
        assert (now.resume, now.max_price, now.keep) == (TRADING.resume, TRADING.max_price, TRADING.keep)


def test_what_the_bounds_allow_no_more_is_not_in_force() -> None:
    asked = set_to(max_price=Price.parse("0.50"), daily_budget=Tokens.parse(4))
    now = trading(TRADING, asked, CAPS)
    assert now.max_price == TRADING.max_price
    assert now.daily_budget == Tokens.parse(4)


def test_limits_that_turned_round_are_the_configurations() -> None:
    now = trading(TRADING, set_to(limit=SoC(6_500)), CAPS)
    assert (now.limit, now.resume) == (TRADING.limit, TRADING.resume)


@given(st.dictionaries(st.sampled_from(["limit", "resume"]), st.integers(0, 10_000).map(SoC)),
       st.dictionaries(st.sampled_from(["max_price"]), st.integers(0, 10**19).map(Price)),
       st.dictionaries(st.sampled_from(["daily_budget"]), st.integers(0, 10**20).map(Tokens)))  # fmt: skip
def test_whatever_is_in_the_books_the_policy_in_force_is_sound(
    levels: dict[str, SoC], price: dict[str, Price], budget: dict[str, Tokens]
) -> None:
    now = trading(TRADING, set_to(**levels, **price, **budget), CAPS)
    assert now.limit < now.resume
    assert min(now.limit, TRADING.limit) >= min(CAPS.limit_from, TRADING.limit)
    assert now.resume <= max(CAPS.resume_to, TRADING.resume)
    assert now.max_price <= CAPS.max_price_to
    assert now.daily_budget <= CAPS.daily_budget_to


def test_one_feed_is_offered_otherwise_and_another_not_at_all() -> None:
    dearer = OwnOffer(price=Price.parse("0.30"), most=Energy(4_000), on=True)
    nothing = OwnOffer(price=Price.parse("0.30"), most=Energy(4_000), on=False)
    asked = Overrides(offers={1: Override(value=dearer, asked=ANNA), 2: Override(value=nothing, asked=ANNA)})
    now = offers(OFFERS, asked, CAPS)
    assert (now.feeds[0].price, now.feeds[0].max_energy) == (dearer.price, dearer.most)
    assert now.feeds[1] == OFFERS.feeds[1]
    assert withdrawn(asked) == {2}


def test_an_offer_cheaper_than_its_bound_is_not_in_force() -> None:
    cheap = OwnOffer(price=Price.parse("0.01"), most=Energy(4_000), on=True)
    asked = Overrides(offers={1: Override(value=cheap, asked=ANNA)})
    assert offers(OFFERS, asked, CAPS) is OFFERS
