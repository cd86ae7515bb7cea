"""What a judgement about something asked for rests on, and what it may come to. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from node.client_interaction.acts import Buy
from node.client_interaction.situation import Policy, Situation
from node.intents.answers import Moment
from node.intents.caps import Caps
from node.intents.kinds import Limit, OwnOffer
from node.intents.overrides import Overrides
from quantities import Price, SoC, Tokens

if TYPE_CHECKING:
    from node.client_interaction.settings import OffersSettings, TradingSettings


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """Everything that a judgement rests on."""

    now: Moment
    situation: Situation
    policy: Policy
    """In force."""

    trading: TradingSettings
    offers: OffersSettings
    """As configured."""

    overrides: Overrides
    caps: Caps
    account: str
    """This household's."""

    households: Mapping[str, str]
    """Accounts of the admitted ones by their names in the registry."""

    sent: Tokens
    """Given away in the last 24 hours."""

    answered: int
    """Intents, in the last minute."""


# --- effects --------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """Make this order; a stop is over."""

    buy: Buy


@dataclass(frozen=True, kw_only=True)
class Halt:
    """Let the running supply end, and no other begin by itself."""


@dataclass(frozen=True, kw_only=True)
class SwitchOff:
    """Trade no more."""


@dataclass(frozen=True, kw_only=True)
class SwitchOn:
    """Trade again; a stop is over."""


@dataclass(frozen=True, kw_only=True)
class PutLimit:
    """Put a limit in force; None: the configuration's again."""

    limit: Limit
    value: SoC | Price | Tokens | None


@dataclass(frozen=True, kw_only=True)
class PutOffer:
    """Put an offer in force; None: the configuration's again."""

    contact: int
    offer: OwnOffer | None


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Give tokens to an account."""

    account: str
    amount: Tokens


@dataclass(frozen=True, kw_only=True)
class Forbid:
    """Let an account take none of the household's tokens any more."""

    spender: str


Effect: TypeAlias = Purchase | Halt | SwitchOff | SwitchOn | PutLimit | PutOffer | Transfer | Forbid


# --- judgements ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Do it, and say so."""

    effect: Effect
    text: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Do nothing, and say why."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Waits:
    """It cannot be answered yet."""


@dataclass(frozen=True, kw_only=True)
class Expired:
    """Too old: nothing is done, and nothing said."""


Judgement: TypeAlias = Accepted | Refused | Waits | Expired
