"""The `intents` section: how far the pages may go. It belongs to who sets the house up, not to the pages."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from quantities import SoC, Tokens
from quantities.fields import EnergyField, PriceField, SecondsField, SoCField, TokensField
from quantities.said import Said

ACCOUNT = re.compile(r"0x[0-9a-fA-F]{40}\Z")


def _account(given: str) -> str:
    if not ACCOUNT.match(given):
        raise ValueError(Said("write an account as 0x and 40 hexadecimal digits"))
    return given


class IntentsSettings(BaseModel):
    """What the household's pages may ask for at most.

    Where a bound is null the pages can only tighten what the configuration says: spend less, sell dearer,
    sell less.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(True, description="whether the pages may ask for anything")
    per_minute: int = Field(10, ge=1, le=30, description="requests looked at in a minute; others wait")
    stop_for: SecondsField = Field(
        3600.0, ge=60.0, le=86_400.0, description="after a stop nothing is bought by itself for so long"
    )
    send: TokensField = Field(
        Tokens.parse(5), description="tokens that one transfer may give away; 0: none is made"
    )
    send_per_day: TokensField = Field(
        Tokens.parse(10), description="tokens that may be given away in any 24 hours"
    )
    recipients: tuple[Annotated[str, AfterValidator(_account)], ...] = Field(
        (), description="accounts that may be sent tokens beside the registry's admitted households"
    )
    limit_from: SoCField = Field(SoC(1_000), description="the lowest `trading.limit` that may be set")
    resume_to: SoCField = Field(SoC(9_500), description="the highest `trading.resume` that may be set")
    max_price_to: PriceField | None = Field(
        None, description="the highest `trading.max_price` that may be set; null: the configured one"
    )
    daily_budget_to: TokensField | None = Field(
        None, description="the highest `trading.daily_budget` that may be set; null: the configured one"
    )
    offer_price_from: PriceField | None = Field(
        None, description="the lowest price at which may be sold; null: each feed's configured one"
    )
    offer_energy_to: EnergyField | None = Field(
        None, description="the most energy an order may be offered; null: each feed's configured one"
    )
