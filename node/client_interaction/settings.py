"""The `trading`, `sellers` and `offers` sections: when to buy, from whom, and what to sell."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)

from chain.endpoint import checked
from node.hours import DAYS, MINUTES, written
from quantities import Energy, Price, Share, SoC, Tokens
from quantities.fields import (
    EnergyField,
    PriceField,
    SecondsField,
    ShareField,
    SoCField,
    TokensField,
)
from quantities.said import Said
from relay_server.address import EXAMPLE

CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)\Z")
ACCOUNT = re.compile(r"0x[0-9a-fA-F]{40}\Z")


def _account(given: str) -> str:
    if not ACCOUNT.match(given):
        raise ValueError(Said("write an account as 0x and 40 hexadecimal digits"))
    return given


AccountField = Annotated[str, AfterValidator(_account)]
AddressField = Annotated[str, AfterValidator(checked(EXAMPLE))]


class TradingSettings(BaseModel):
    """When the household buys, how much, and what it may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(True, description="whether the household buys by itself at all")
    limit: SoCField = Field(SoC(3000), description="state of charge below which it buys")
    resume: SoCField = Field(SoC(6000), description="state of charge at which it goes home again")
    delta: EnergyField = Field(
        Energy(200), description="bought beyond what lifts the battery to `resume`: for the loads meanwhile"
    )
    max_price: PriceField = Field(Price.parse("0.40"), description="tokens per kWh, more is not paid")
    daily_budget: TokensField = Field(Tokens.parse(5), description="tokens that may be spent in a day")
    dwell: SecondsField = Field(60.0, description="the least stay at home after a supply")
    urgent: SoCField = Field(SoC(2000), description="state of charge below which it does not wait so long")
    price_tolerance: ShareField = Field(
        Share(500), description="so much more than the cheapest asks is paid to a seller that behaved better"
    )
    forget: SecondsField = Field(
        604_800.0, description="time in which a seller's deeds lose half their weight"
    )
    least_score: ShareField = Field(
        Share(2500), description="a seller that scores less is asked only when no other can supply"
    )
    keep: SecondsField = Field(3.0, ge=0.5, le=4.0, description="between two vouchers while supplied")
    unanswered: SecondsField = Field(5.0, le=30.0, description="vouchers unanswered for so long: go home")
    stale_meter: SecondsField = Field(3.0, description="age of the tie meter's sample: beyond it, go home")
    stale_battery: SecondsField = Field(10.0, description="age of the state of charge: beyond it, unknown")
    start_within: SecondsField = Field(
        60.0, description="an order whose seller has not closed his contact by then is given up"
    )
    settle_within: SecondsField = Field(
        60.0, description="an ended order that the seller has not settled by then is closed on the chain"
    )
    back_off: SecondsField = Field(30.0, description="after a failure a seller is left alone for so long")
    max_back_off: SecondsField = Field(1800.0, description="to which that doubles, failure by failure")

    @model_validator(mode="after")
    def _back_off_grows(self) -> Self:
        if self.max_back_off < self.back_off:
            raise ValueError(
                Said(
                    "`max_back_off` (%(most)s) must not be below `back_off` (%(first)s)",
                    most=f"{self.max_back_off:g} s",
                    first=f"{self.back_off:g} s",
                )
            )
        return self

    @model_validator(mode="after")
    def _resume_is_above_limit(self) -> Self:
        if self.resume <= self.limit:
            raise ValueError(
                Said(
                    "`resume` (%(resume)s) must be above `limit` (%(limit)s)",
                    resume=self.resume,
                    limit=self.limit,
                )
            )
        if self.unanswered <= self.keep:
            raise ValueError(
                Said(
                    "`unanswered` (%(unanswered)s) must be longer than `keep` (%(keep)s)",
                    unanswered=f"{self.unanswered} s",
                    keep=f"{self.keep} s",
                )
            )
        return self


class SellerSettings(BaseModel):
    """One neighbour to whom a line is wired."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: AccountField = Field(description="the neighbour's account; HELLO and the registry must agree")
    relay: AddressField = Field(description="address and port of the neighbour's relay server")
    contact: int = Field(ge=0, le=2**32 - 1, description="the feed contact there at which the line begins")
    channel: int = Field(ge=0, le=2**32 - 1, description="the tie contact here at which it ends")


def clock(given: object) -> int:
    """Read a time of day, 00:00 to 24:00, as minutes: what YAML itself makes of 18:00 without quotes."""
    if type(given) is int and 60 <= given <= MINUTES:
        return given
    match = CLOCK.match(given) if isinstance(given, str) else None
    minute = int(match[1]) * 60 + int(match[2]) if match is not None else -1
    if not 0 <= minute <= MINUTES:
        raise ValueError(Said('write a time of day as hours and minutes: "18:00"'))
    return minute


def _days(given: tuple[str, ...]) -> tuple[str, ...]:
    for day in given:
        if day not in DAYS:
            raise ValueError(
                Said("there is no day %(day)s; write some of %(known)s", day=repr(day), known=", ".join(DAYS))
            )
    return given


ClockField = Annotated[int, BeforeValidator(clock), PlainSerializer(written)]


class PriceRule(BaseModel):
    """Another price while all of its conditions hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    price: PriceField = Field(description="tokens per kWh")
    days: Annotated[tuple[str, ...], AfterValidator(_days)] = Field(
        (), description="on these days: mon, tue, wed, thu, fri, sat, sun; none: on every day"
    )
    after: ClockField | None = Field(None, description="from this time of day on, by the household's clock")
    before: ClockField | None = Field(
        None, description="until this time of day; before `after`: of the next day"
    )
    above: SoCField | None = Field(None, description="while the battery is at this state of charge or above")
    below: SoCField | None = Field(None, description="while the battery is below this state of charge")

    @model_validator(mode="after")
    def _has_sense(self) -> Self:
        if not self.days and (self.after, self.before, self.above, self.below) == (None,) * 4:
            raise ValueError(
                Said("this price has no condition (days, after, before, above, below): say when it holds")
            )
        if self.after is not None and self.after == self.before:
            raise ValueError(Said("`after` and `before` are the same time; leave both out for the whole day"))
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(
                Said("no battery is above %(above)s and below %(below)s", above=self.above, below=self.below)
            )
        if not self.price:
            raise ValueError(Said("the market takes no offer without a price: ask for more than nothing"))
        return self


class FeedOffer(BaseModel):
    """What is offered at one own feed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    contact: int = Field(ge=0, le=2**32 - 1, description="own feed contact")
    price: PriceField = Field(description="tokens per kWh")
    max_energy: EnergyField = Field(description="the most that one order may ask for")
    prices: tuple[PriceRule, ...] = Field(
        (), description="other prices at times or states of charge; the first that applies counts"
    )

    @model_validator(mode="after")
    def _costs_something(self) -> Self:
        if not self.price:
            raise ValueError(Said("the market takes no offer without a price: ask for more than nothing"))
        return self


class OffersSettings(BaseModel):
    """What the household sells, and down to where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reserve: SoCField = Field(SoC(4000), description="state of charge below which nothing is sold")
    margin: SoCField = Field(SoC(500), description="above the reserve, at which selling begins again")
    validity: SecondsField = Field(3600.0, description="how long a published offer holds; renewed at half")
    settle: SecondsField = Field(60.0, description="the least time between two changes of an offer")
    redeem_idle: SecondsField = Field(600.0, description="an order without a voucher for so long is redeemed")
    feeds: tuple[FeedOffer, ...] = Field((), description="feeds that are for sale")

    @model_validator(mode="after")
    def _a_feed_is_offered_once(self) -> Self:
        contacts = [feed.contact for feed in self.feeds]
        if len(set(contacts)) != len(contacts):
            raise ValueError(Said("a contact is offered twice; offer each feed once"))
        return self
