"""The desk at which what is asked for is answered: the judgement, its effect and its record, all or nothing.

An answer and its effect are one durable transaction, and an id has one answer: whoever kills the process in
between finds that nothing was done, or all of it.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from chain.transactions import Call
from contracts.bindings import Household, Token
from node.client_interaction.actors.orders import GAS
from node.client_interaction.acts import Buy
from node.client_interaction.judgement import (
    Accepted,
    Effect,
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
)
from node.client_interaction.judging import judge
from node.client_interaction.situation import Policy, Situation
from node.intents import overrides
from node.intents.answers import (
    LIMIT,
    OFFER,
    PAUSED,
    STOPPED,
    Answer,
    Answers,
    Moment,
    Outcome,
    limit_value,
    offer_value,
    purpose,
)
from node.intents.book import Letter
from node.intents.caps import Caps
from node.intents.kinds import Limit
from node.intents.published import LimitNow, OfferNow, Published
from node.intents.wishes import Asked, Stopped, Wishes
from node.wallet.database import Database
from node.wallet.errors import WalletError
from node.wallet.journal import Journal
from quantities import Energy, Tokens
from store import snapshot
from store.errors import StoreError

if TYPE_CHECKING:
    from node.client_interaction.settings import FeedOffer, OffersSettings
    from node.config.settings import Settings

log = structlog.get_logger()

AGAIN = 1.0
"""Seconds until an answer is tried again that could not be kept."""


@dataclass(frozen=True, kw_only=True)
class InForce:
    """The household's policy, offers and wishes as they are now."""

    policy: Policy
    offers: OffersSettings
    withdrawn: frozenset[int]
    """Feeds at which nothing is offered."""

    wishes: Wishes


@dataclass(frozen=True, kw_only=True)
class Means:
    """By what effects are carried out; there are none before the contracts are verified."""

    token: str
    buy: Callable[[Buy], str]
    """Answers with the order."""


class Desk:
    """Answers letters, and knows what is in force."""

    def __init__(self, settings: Settings, account: str, database: Database, journal: Journal) -> None:
        """Open the record.

        Args:
            settings: of the household.
            account: its own.
            database: `trade.db`.
            journal: in it.
        """
        self._settings = settings
        self._account = account
        self._database = database
        self._journal = journal
        self._answers = Answers(database)
        self._caps = Caps.of(settings.intents, settings.trading, settings.offers)
        self._capacity = settings.battery.capacity if settings.battery is not None else Energy(0)
        self._answered: set[str] = set()
        self._try_at = 0.0
        self._read()

    def _read(self) -> None:
        """What is in force, from the record: after a start, and after each answer."""
        self._standing = self._answers.standing()
        given, base = self._standing.overrides, self._settings
        trading = overrides.trading(base.trading, given, self._caps)
        self._policy = Policy(trading=trading, capacity=self._capacity)
        self._offers = overrides.offers(base.offers, given, self._caps)
        self._by_hand = self._answers.by_hand()
        self._sending = True

    def in_force(self, now: Moment) -> InForce:
        """As it is now."""
        outgoing = self._answers.outgoing() if self._sending else Tokens(0)
        self._sending = bool(outgoing)
        wishes = Wishes(
            paused=self._standing.paused,
            stopped=self._stopped(now),
            by_hand=self._by_hand,
            outgoing=outgoing,
        )
        return InForce(
            policy=self._policy,
            offers=self._offers,
            withdrawn=overrides.withdrawn(self._standing.overrides),
            wishes=wishes,
        )

    def _stopped(self, now: Moment) -> Stopped | None:
        if self._standing.stopped is None:
            return None
        asked, then = self._standing.stopped
        left = self._caps.stop_for - now.since(then)
        return Stopped(asked=asked, left=left) if left > 0 else None

    def published(self, now: Moment, *, buys: bool) -> Published:
        """What is in force and how far it may be changed, for the pages.

        Args:
            now: this moment.
            buys: whether there is anybody to buy from.
        """
        stopped, paused = self._stopped(now), self._standing.paused
        left = max(self._caps.send_per_day - self._answers.sent_within_a_day(now), Tokens(0))
        return Published(
            enabled=self._caps.enabled,
            buys=buys,
            limits={limit.value: self._limit_now(limit) for limit in Limit},
            offers=tuple(self._offer_now(feed) for feed in self._settings.offers.feeds),
            send=str(self._caps.send.value),
            send_left=str(left.value),
            stop_for=self._caps.stop_for,
            paused_by="" if paused is None else paused.by,
            paused_at=0.0 if paused is None else paused.at,
            stopped_by="" if stopped is None else stopped.asked.by,
            stopped_until=0.0 if stopped is None else float(round(now.wall + stopped.left)),
        )

    def _limit_now(self, limit: Limit) -> LimitNow:
        override = self._standing.overrides.limits.get(limit)
        value = getattr(self._policy.trading, limit.value)
        asked = None if override is None else override.asked
        return LimitNow(
            value=str(value.value),
            configured=str(getattr(self._settings.trading, limit.value).value),
            bound=str(self._caps.bound(limit).value),
            by="" if asked is None else asked.by,
            at=0.0 if asked is None else asked.at,
        )

    def _offer_now(self, configured: FeedOffer) -> OfferNow:
        contact = configured.contact
        override, cap = self._standing.overrides.offers.get(contact), self._caps.offers[contact]
        now = next(feed for feed in self._offers.feeds if feed.contact == contact)
        asked = None if override is None else override.asked
        return OfferNow(
            contact=contact,
            on=override is None or override.value.on,
            price=str(now.price.value),
            most=str(now.max_energy.value),
            configured_price=str(configured.price.value),
            configured_most=str(configured.max_energy.value),
            price_from=str(cap.price_from.value),
            most_to=str(cap.energy_to.value),
            by="" if asked is None else asked.by,
            at=0.0 if asked is None else asked.at,
        )

    def attend(
        self,
        letters: tuple[Letter, ...],
        situation: Situation,
        households: Mapping[str, Household],
        means: Means | None,
    ) -> bool:
        """Answer the first letter that can be answered now; True: something was, look again.

        Args:
            letters: of the last minute.
            situation: now.
            households: of the registry, by account.
            means: to carry effects out.
        """
        now = moment()
        if now.boottime < self._try_at:
            return False
        self._answered &= {letter.id for letter in letters}
        for letter in letters:
            if letter.id in self._answered:
                continue
            if self._answers.known(letter.id):
                self._answered.add(letter.id)
                continue
            grounds = self._grounds(now, situation, households)
            if self._settle(letter, judge(letter, grounds), now, means):
                return True
        return False

    def _grounds(self, now: Moment, situation: Situation, households: Mapping[str, Household]) -> Grounds:
        return Grounds(
            now=now,
            situation=situation,
            policy=self._policy,
            trading=self._settings.trading,
            offers=self._settings.offers,
            overrides=self._standing.overrides,
            caps=self._caps,
            account=self._account,
            households=_named(households),
            sent=self._answers.sent_within_a_day(now),
            answered=self._answers.answered_within_a_minute(now),
        )

    def _settle(self, letter: Letter, judgement: Judgement, now: Moment, means: Means | None) -> bool:
        """Do and record what was judged, together; True: it is recorded."""
        match judgement:
            case Accepted(effect=Purchase() | Transfer() | Forbid()) if means is None:
                return False
            case Accepted() | Refused():
                pass
            case _:
                return False
        try:
            with self._database.transaction():
                order, sent = None, Tokens(0)
                if isinstance(judgement, Accepted):
                    order, sent = self._carry_out(letter, judgement.effect, now, means)
                self._answers.add(_answer(letter, judgement, now, order, sent))
        except (sqlite3.Error, StoreError, WalletError) as error:
            log.warning("intent-not-kept", intent=letter.id, error=str(error))
            self._try_at = now.boottime + AGAIN
            return False
        finally:
            self._read()
        self._answered.add(letter.id)
        log.info(
            "intent", id=letter.id, kind=letter.kind[:16], by=letter.by, text=judgement.text,
            outcome=type(judgement).__name__.lower(),
        )  # fmt: skip
        return True

    def _carry_out(
        self, letter: Letter, effect: Effect, now: Moment, means: Means | None
    ) -> tuple[str | None, Tokens]:
        """Answers with the order that was made, and with what was given away."""
        asked = Asked(by=letter.by, at=now.wall)
        match effect:
            case Purchase(buy=buy):
                assert means is not None  # noqa: S101 - checked before
                self._answers.withdraw(STOPPED)
                return means.buy(buy), Tokens(0)
            case Transfer(account=account, amount=amount):
                assert means is not None  # noqa: S101 - checked before
                data = Token.encode_transfer(account, amount)
                call = Call(to=means.token, data=data, gas=GAS["send"])
                self._journal.plan(purpose(letter.id), call, now.wall)
                return None, amount
            case Forbid(spender=spender):
                assert means is not None  # noqa: S101 - checked before
                data = Token.encode_approve(spender, Tokens(0))
                call = Call(to=means.token, data=data, gas=GAS["revoke"])
                self._journal.plan(purpose(letter.id), call, now.wall)
            case Halt():
                self._answers.wish(STOPPED, "", asked, now)
            case SwitchOff():
                self._answers.wish(PAUSED, "", asked, now)
            case SwitchOn():
                self._answers.withdraw(PAUSED, STOPPED)
            case PutLimit(limit=limit, value=None):
                self._answers.withdraw(LIMIT + limit)
            case PutLimit(limit=limit, value=value) if value is not None:
                self._answers.wish(LIMIT + limit, limit_value(value), asked, now)
            case PutOffer(contact=contact, offer=None):
                self._answers.withdraw(f"{OFFER}{contact}")
            case PutOffer(contact=contact, offer=offer) if offer is not None:
                self._answers.wish(f"{OFFER}{contact}", offer_value(contact, offer), asked, now)
        return None, Tokens(0)


def moment() -> Moment:
    """Now."""
    return Moment(wall=time.time(), boot=snapshot.boot_id(), boottime=snapshot.boottime())


def _answer(
    letter: Letter, judgement: Accepted | Refused, now: Moment, order: str | None, sent: Tokens
) -> Answer:
    return Answer(
        id=letter.id,
        kind=letter.kind[:16],
        body=letter.body[:512],
        by=letter.by,
        asked_at=letter.at,
        outcome=Outcome.ACCEPTED if isinstance(judgement, Accepted) else Outcome.REFUSED,
        text=judgement.text,
        at=now,
        order=order,
        sent=sent,
    )


def _named(households: Mapping[str, Household]) -> dict[str, str]:
    """Accounts of the admitted households by name; a name that two of them have is nobody's."""
    admitted = [household for household in households.values() if household.admitted]
    times = Counter(household.name.lower() for household in admitted)
    return {each.name.lower(): each.account for each in admitted if times[each.name.lower()] == 1}
