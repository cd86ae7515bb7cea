"""What becomes of something asked for: accepted with an effect, refused with a sentence, or expired. Pure.

Whoever asks is not trusted. The closed set is read strictly, everything is held against the configuration's
bounds and the trader's own rules, and what is not answered within a minute is never done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from node.client_interaction import sentences
from node.client_interaction.acts import Buy
from node.client_interaction.amount import purse
from node.client_interaction.choice import NoSeller
from node.client_interaction.core import bar, choice, running
from node.client_interaction.ending import FULL
from node.client_interaction.judgement import (
    Accepted,
    Expired,
    Forbid,
    Grounds,
    Halt,
    Judgement,
    Purchase,
    PutLimit,
    PutOffer,
    Refused,
    SwitchOff,
    SwitchOn,
    Transfer,
    Waits,
)
from node.client_interaction.situation import Situation
from node.intents.book import LASTING, Letter
from node.intents.errors import Malformed
from node.intents.kinds import (
    BuyNow,
    ChangeLimit,
    Intent,
    Limit,
    Pause,
    Resume,
    Revoke,
    SendTokens,
    SetOffer,
    Stop,
    read,
)
from quantities import Price, SoC, Tokens

PATIENCE = 10.0
"""Seconds for which an intent waits for battery and chain, as after a start; then it is answered."""

NAMES: Mapping[Limit, str] = {
    Limit.LIMIT: "the limit",
    Limit.RESUME: "going home",
    Limit.MAX_PRICE: "the highest price",
    Limit.DAILY_BUDGET: "the daily budget",
}


def judge(letter: Letter, g: Grounds) -> Judgement:
    """What becomes of an intent that was not answered before."""
    age = letter.age(g.now.boottime, g.now.boot)
    if age >= LASTING:
        return Expired()
    if g.answered >= g.caps.per_minute:
        return Waits()
    if not g.caps.enabled:
        return Refused(text="Nothing may be asked for from the pages (intents.enabled).")
    try:
        intent = read(letter.kind, letter.body)
    except Malformed as error:
        return Refused(text=str(error))
    if isinstance(intent, BuyNow | SendTokens | Revoke) and age < PATIENCE and _not_known_yet(g.situation):
        return Waits()
    return _judged(intent, letter.by, g)


def _judged(intent: Intent, by: str, g: Grounds) -> Accepted | Refused:  # noqa: PLR0911 - one a kind
    match intent:
        case BuyNow():
            return _buy(intent, by, g)
        case Stop():
            return _stop(g)
        case Pause():
            return _pause(g)
        case Resume():
            return _resume(g)
        case SetOffer():
            return _set_offer(intent, g)
        case ChangeLimit():
            return _change_limit(intent, g)
        case SendTokens():
            return _send(intent, g)
        case Revoke():
            return _revoke(intent, g)
    assert_never(intent)


def _not_known_yet(s: Situation) -> bool:
    return s.chain is None or not s.chain.head or bool(s.chain.trouble) or s.battery is None


def _buy(intent: BuyNow, by: str, g: Grounds) -> Accepted | Refused:  # noqa: PLR0911 - one a reason
    """A need as if the battery had fallen below its limit; all other rules hold."""
    s, battery = g.situation, g.situation.battery
    if barred := bar(s, g.policy):
        return Refused(text=barred.reason)
    if (current := running(s.trades)[0]) is not None:
        return Refused(text=f"An order of {current.energy} from {current.partner.capitalize()} runs already.")
    if battery is None or battery.age > g.policy.trading.stale_battery:
        return Refused(text=sentences.no_battery(s).reason)
    if intent.energy is None and battery.soc >= g.policy.trading.resume:
        enough = f"at {battery.soc}, and goes home at {g.policy.trading.resume}"
        return Refused(text=f"The battery is {enough}: say how much is to be bought all the same.")
    if battery.soc >= FULL:
        return Refused(text="The battery is full.")
    chosen = choice(s, g.policy, battery.soc, intent.energy)
    if isinstance(chosen, NoSeller):
        return Refused(text=f"Nobody can supply now. {sentences.listed(chosen.why)}")
    buy = Buy(
        seller=chosen.seller, energy=chosen.energy, price=chosen.price, reason=f"because {by} asked for it"
    )
    bought = f"{chosen.energy} from {chosen.seller.name.capitalize()} at {chosen.price}"
    return Accepted(effect=Purchase(buy=buy), text=f"Buying {bought}.")


def _stop(g: Grounds) -> Accepted:
    current = running(g.situation.trades)[0]
    ends = "Nothing was running." if current is None else f"{current.partner.capitalize()}'s supply ends."
    pause = f"Nothing is bought by itself for {_lasting(g.caps.stop_for)}."
    return Accepted(effect=Halt(), text=f"{ends} {pause}")


def _pause(g: Grounds) -> Accepted | Refused:
    paused = g.situation.wishes.paused
    if paused is not None:
        return Refused(text=f"Trading is off already: {paused.by} switched it off.")
    return Accepted(effect=SwitchOff(), text="Trading is off: running supplies end, offers are withdrawn.")


def _resume(g: Grounds) -> Accepted | Refused:
    wishes = g.situation.wishes
    if wishes.paused is None and wishes.stopped is None:
        return Refused(text="Trading was not switched off here.")
    off = "" if g.trading.enabled else " It stays off in the configuration, though (trading.enabled)."
    return Accepted(effect=SwitchOn(), text=f"Trading is on again.{off}")


def _set_offer(intent: SetOffer, g: Grounds) -> Accepted | Refused:
    contact, offer = intent.contact, intent.offer
    if offer is None:
        if contact not in g.overrides.offers:
            return Refused(text=f"Contact {contact} is offered as the configuration says already.")
        return Accepted(
            effect=PutOffer(contact=contact, offer=None),
            text=f"Contact {contact} is offered as the configuration says.",
        )
    if why := g.caps.offer(contact, offer):
        return Refused(text=why)
    shown = f"up to {offer.most} an order at {offer.price}" if offer.on else "nothing more"
    return Accepted(
        effect=PutOffer(contact=contact, offer=offer), text=f"Contact {contact} is to offer {shown}."
    )


def _change_limit(intent: ChangeLimit, g: Grounds) -> Accepted | Refused:
    limit, value = intent.limit, intent.value
    if value is None and limit not in g.overrides.limits:
        return Refused(text=f"It is as the configuration says already: {NAMES[limit]}.")
    if value is not None and (why := g.caps.limit(limit, value)):
        return Refused(text=why)
    new = getattr(g.trading, limit.value) if value is None else value
    if why := _unfit(limit, new, g):
        return Refused(text=why)
    again = " again, as in the configuration" if value is None else ""
    text = f"Now {NAMES[limit]} is {_shown(new)}{again}."
    return Accepted(effect=PutLimit(limit=limit, value=value), text=text)


def _unfit(limit: Limit, new: SoC | Price | Tokens, g: Grounds) -> str:
    """Why this value does not go with the others in force."""
    low, high = g.policy.trading.limit, g.policy.trading.resume
    if limit is Limit.LIMIT and isinstance(new, SoC):
        low = new
        if g.offers.feeds and g.situation.sellers and low > g.offers.reserve:
            return f"Down to {g.offers.reserve} is sold (offers.reserve): the limit may not be above it."
    if limit is Limit.RESUME and isinstance(new, SoC):
        high = new
    if high <= low:
        return f"Going home ({high}) must be above the limit ({low}): change the other one first."
    return ""


def _send(intent: SendTokens, g: Grounds) -> Accepted | Refused:  # noqa: PLR0911 - one a reason
    s = g.situation
    if why := g.caps.sent(intent.amount, g.sent):
        return Refused(text=why)
    if why := s.trouble or (s.chain.trouble if s.chain else "The chain has not answered yet."):
        return Refused(text=why)
    if s.waiting or s.chain is None:
        return Refused(text=f"The neighbourhood's contracts are waited for: {s.waiting}.")
    account = _recipient(intent.to, g)
    if account is None:
        known = ", ".join(sorted(name for name, each in g.households.items() if each != g.account)) or "none"
        return Refused(text=f"Nobody may be sent tokens as {intent.to}; the households are {known}.")
    if account.lower() == g.account.lower():
        return Refused(text="This household's own account: nothing is to be sent.")
    left = purse(s, s.chain, g.policy).balance
    if intent.amount > left:
        return Refused(text=f"The balance of {max(left, Tokens(0))} tokens is less than that.")
    name = next((n for n, a in g.households.items() if a.lower() == account.lower()), "")
    to = f"{name.capitalize()} ({account})" if name else account
    return Accepted(
        effect=Transfer(account=account, amount=intent.amount),
        text=f"Sending {intent.amount} tokens to {to}.",
    )


def _revoke(intent: Revoke, g: Grounds) -> Accepted | Refused:
    """It costs a transaction and takes nothing away from what runs: an order is paid as it is made."""
    s = g.situation
    if why := s.trouble or (s.chain.trouble if s.chain else "The chain has not answered yet."):
        return Refused(text=why)
    if s.waiting or s.chain is None:
        return Refused(text=f"The neighbourhood's contracts are waited for: {s.waiting}.")
    text = f"{intent.spender} may take no tokens of this household any more."
    return Accepted(effect=Forbid(spender=intent.spender), text=text)


def _shown(value: SoC | Price | Tokens) -> str:
    return f"{value} tokens" if isinstance(value, Tokens) else str(value)


def _lasting(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes % 60 else "an hour" if minutes == 60 else f"{minutes // 60} hours"


def _recipient(to: str, g: Grounds) -> str | None:
    if not to.startswith("0x"):
        return g.households.get(to)
    listed = {account.lower() for account in g.households.values()} | g.caps.recipients
    return to if to.lower() in listed else None
