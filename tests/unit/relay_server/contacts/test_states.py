"""The tables of states in docs/relay-protocol.md: each cell is what the code does, and nothing is missing."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, TypeVar

import pytest

from quantities import Energy
from relay_server.accounts import Account, Order
from relay_server.acts import HOME, Act
from relay_server.contacts import feed as feeds
from relay_server.contacts import feed_commands, feed_watch
from relay_server.contacts import transfer as transfers
from relay_server.contacts.feed import Feed
from relay_server.contacts.following import Following
from relay_server.contacts.mending import AGREED, LOOKS, Mending
from relay_server.contacts.transfer import Home, Leaving, Returning, Tied, Transfer
from relay_server.contacts.trouble import Trouble
from relay_server.messages import Answer, Refused
from tests.unit.relay_server.bench import (
    FEED,
    NEXT,
    OTHER,
    RATING,
    SECOND_TIE,
    SETTINGS,
    THIRD,
    TIE,
    account,
    order,
    register,
)

PAGE = (Path(__file__).parents[4] / "docs" / "relay-protocol.md").read_text()
NOW = 100.0
SAME, NEVER = "·", "—"
T = TypeVar("T")
Cell: TypeAlias = tuple[str, str, str]
"""Event, state before, what the document says."""


def table(heading: str) -> list[Cell]:
    """The cells of the tables below a heading."""
    text = re.split(r"^### ", PAGE[PAGE.index(heading + "\n") + len(heading) :], flags=re.M)[0]
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", text, re.M)
    ]
    cells: list[Cell] = []
    for row in rows:
        if row[0] in {"command", "what happens"}:
            states = row[1:]
        elif not row[0].startswith("---"):
            assert len(row) == len(states) + 1, row
            cells += [(row[0], state, said) for state, said in zip(states, row[1:], strict=True)]
    return cells


def expected(state: str, said: str) -> tuple[set[str], str]:
    """The states and the code after it that a cell allows."""
    if said == SAME:
        return {state}, ""
    codes = re.findall(r"[A-Z]+(?:_[A-Z]+)?", said)
    name = said.removesuffix(codes[0]).strip() if codes else said
    return set(name.split(" or ")) if name else {state}, codes[0] if codes else ""


def outcome(step: tuple[T, list[Act]] | tuple[T, list[Act], Answer]) -> tuple[T, Answer | None]:
    """What a step or a reply leaves behind, and what is answered."""
    return (step[0], None) if len(step) == 2 else (step[0], step[2])


def code(answer: Answer | None) -> str:
    return answer.code.value if isinstance(answer, Refused) else ""


# --- feeds


def moment(forward: int = 5_000, power: int = 30_000, *, age: float = 0.0, now: float = NOW) -> feeds.Moment:
    return feeds.Moment(now=now, limits=SETTINGS, register=register(forward, now - age, power))


REST = Feed(contact=FEED, rating=RATING, following=Following(agreed=0.0))


def paid(feed: Feed, energy: int, named: Order | None = None) -> tuple[Account, Order]:
    """A voucher of whoever is supplied, or else of the buyer."""
    whose = feed.supply.account if feed.supply else account()
    of = named or (feed.supply.order if feed.supply else order())
    taken = feed_commands.pay(whose, of, Energy(energy), b"v" * 65, rating=RATING, limits=SETTINGS)
    assert not isinstance(taken, Refused)
    return taken


def whose(feed: Feed) -> tuple[Account, Order]:
    """Of whoever is supplied, or else of the buyer."""
    return (feed.supply.account, feed.supply.order) if feed.supply else (account(), order())


def behind(feed: Feed) -> tuple[Account, Order]:
    """The same of somebody who took a lot, and signs for little."""
    whose, of = paid(feed, 5)
    owing = whose.delivered + whose.vouchered + Energy(900)
    return replace(whose, delivered=owing, unpaid=feed.live is None), of


def in_full(feed: Feed) -> Feed:
    """The order is signed for in full, without a word to the feed."""
    assert feed.supply
    whose, of = paid(feed, 1_000)
    return replace(feed, supply=replace(feed.supply, account=whose, order=of))


CLOSED = feed_commands.close(REST, account(), order(), moment(now=NOW - 1))[0]
FEEDS: Mapping[str, Feed] = {
    "open": REST,
    "counting": feeds.opening(CLOSED, "for this test", NOW - 0.1)[0],
    "closed": CLOSED,
    "ending": feed_commands.announce(CLOSED, moment(now=NOW - 0.5))[0],
    "used up": feed_commands.keep(CLOSED, *paid(CLOSED, 1_000), moment(now=NOW - 0.5))[0],
    "fault": feeds.faulted(REST, Trouble.WELDED, "for this test", NOW - 0.1)[0],
    "locked": feeds.lock(REST, "for this test", NOW - 0.1)[0],
}


def feed_state(feed: Feed) -> str:
    """What the document calls it."""
    marks = ", ".join(
        [*(["locked"] if feed.locked is not None else []), *(["fault"] if feed.fault is not None else [])]
    )
    live = feed.live
    if live is None:
        return marks or ("counting" if feed.supply else "open")
    assert not marks, "energised although it is locked, or has a fault"
    if live.ends == float("inf"):
        return "closed"
    return "used up" if live.why == feeds.USED_UP else "ending"


def close(who: Account, what: Order, **at: float) -> Callable[[Feed], feeds.Reply]:
    return lambda feed: feed_commands.close(feed, who, what, moment(**at))  # type: ignore[arg-type]


def ticked(feed: Feed, at: feeds.Moment) -> feeds.Step:
    return feed_watch.tick(feed, at)


def lease_out(feed: Feed) -> feeds.Step:
    supply = feed.supply and replace(feed.supply, expires=NOW)
    return ticked(replace(feed, supply=supply), moment(age=0.95))


def grace_over(feed: Feed) -> feeds.Step:
    """Five seconds later, under a lease that was renewed meanwhile."""
    supply = feed.supply and replace(feed.supply, expires=NOW + 20)
    later = moment(now=NOW + 5, age=0.0 if feed.live else 5.95)
    return ticked(replace(feed, supply=supply), later)


def overloaded(feed: Feed) -> feeds.Step:
    supply = feed.supply and replace(feed.supply, over_since=NOW - 1)
    return ticked(replace(feed, supply=supply), moment(power=36_001))


def does_not_follow(feed: Feed) -> feeds.Step:
    driven, since = feed.driven, NOW - 0.5
    apart = Following(energised=feed.closed, driven=driven, apart=since, doubted=since, against=NOW - 0.1)
    return ticked(replace(feed, following=apart), replace(moment(age=0.95), followed=False))


def mended(feed: Feed) -> feeds.Step:
    """A driver that had hung at it, where nothing else was wrong, has been back for ten seconds."""
    almost = Mending(waits=True, since=NOW - AGREED, looks=LOOKS)
    if feed.fault:
        feed = replace(feed, fault=Trouble.HUNG.told("for this test"), mending=almost)
    return ticked(feed, replace(moment(power=0, age=0.95), followed=True))


def leaking(feed: Feed) -> feeds.Step:
    return ticked(replace(feed, leak_since=NOW - 3), moment(age=0.0 if feed.supply is None else 0.95))


def too_little(feed: Feed) -> feeds.Step:
    if feed.supply:
        owing = replace(feed.supply.account, delivered=feed.supply.account.vouchered + Energy(900))
        feed = replace(feed, supply=replace(feed.supply, account=owing))
    return ticked(feed, moment(age=0.95))


def stopped(feed: Feed) -> feeds.Step:
    """As `Switchboard.make_safe` does it."""
    return feeds.opening(feed, "the relay is being stopped", NOW) if feed.live else (feed, [])


def started(feed: Feed) -> feeds.Step:
    """From what was on disk: whom the meter counted for, fault and lock-out, never how the contact stood."""
    anew = replace(REST, fault=feed.fault, locked=feed.locked)
    if feed.supply is None:
        return anew, []
    supply = feed.supply
    return feed_commands.recovered(anew, supply.account, supply.order, supply.forward, NOW), []


DEBTOR = replace(account(delivered=900), unpaid=True)
FEED_EVENTS: Mapping[str, Callable[[Feed], feeds.Step | feeds.Reply]] = {
    "CLOSE, order good on chain": lambda f: feed_commands.close(f, *paid(f, 0), moment()),
    "CLOSE, another order, whoever's": close(account(OTHER), order(THIRD, buyer=OTHER)),
    "CLOSE by who owes too much": close(DEBTOR, order()),
    "CLOSE, meter silent": close(account(), order(), age=3.1),
    "KEEP, in pace": lambda f: feed_commands.keep(
        f, *paid(f, 1_000 if f.live and f.live.order.full else 5), moment()
    ),
    "KEEP, all of the order": lambda f: feed_commands.keep(f, *paid(f, 1_000), moment()),
    "KEEP, the next order, too early": lambda f: feed_commands.keep(f, *paid(f, 5, order(NEXT)), moment()),
    "KEEP, the next order, this one signed for in full": lambda f: feed_commands.keep(
        in_full(f) if f.supply else f, *paid(f, 5, order(NEXT)), moment()
    ),
    "KEEP, behind the meter": lambda f: feed_commands.keep(f, *behind(f), moment()),
    "KEEP, meter silent": lambda f: feed_commands.keep(f, *paid(f, 5), moment(age=3.1)),
    "KEEP by another household": lambda f: feed_commands.keep(
        f, account(OTHER), order(THIRD, buyer=OTHER), moment()
    ),
    "OPEN by the buyer": lambda f: feed_commands.open_(f, *paid(f, 5), moment()),
    "OPEN by the buyer, another order": lambda f: feed_commands.open_(f, *paid(f, 5, order(THIRD)), moment()),
    "OPEN by the owner": lambda f: feed_commands.announce(f, moment()),
    "OPEN by the owner, the order": lambda f: feed_commands.give_back(f, *whose(f)),
    "the lease runs out": lease_out,
    "`grace` is over": grace_over,
    "a fresh head speaks against it, or none came for 10 min": lambda f: ticked(
        f, replace(moment(age=0.95), over="the order is settled" if f.live else None)
    ),
    "the meter is silent for 3 s": lambda f: ticked(f, moment(now=NOW + 2.2, age=3.2)),
    "the vouchers fall behind": too_little,
    "above its rating for 1 s": overloaded,
    "the meter falls back": lambda f: ticked(f, moment(forward=4_000, age=0.2)),
    "the contact does not follow for 500 ms": does_not_follow,
    "the pin driver does not return from it for 2 s": lambda f: feeds.hung(f, NOW),
    "after `hung`: its auxiliary contact has agreed for 10 s": mended,
    "power while open, for 3 s": leaking,
    "a sample 0.2 s after opening": lambda f: ticked(f, moment(now=NOW + 0.3)),
    "lock, or HOME": lambda f: feeds.lock(f, "new fuse", NOW),
    "unlock": lambda f: (feeds.unlock(f), []),
    "clear": lambda f: (feeds.cleared(f, NOW), []),
    "stop": stopped,
    "start": started,
}


def test_the_feeds_of_this_test_are_what_they_are_called() -> None:
    assert {name: feed_state(feed) for name, feed in FEEDS.items()} == {name: name for name in FEEDS}


def test_the_document_has_every_state_and_event_of_a_feed() -> None:
    assert {event for event, _, _ in table("### Feed")} == set(FEED_EVENTS)
    assert {state for _, state, _ in table("### Feed")} == set(FEEDS)


@pytest.mark.parametrize(("event", "state", "said"), table("### Feed"))
def test_a_feed_does_what_the_document_says(event: str, state: str, said: str) -> None:
    if said == NEVER:
        return
    after, answer = outcome(FEED_EVENTS[event](FEEDS[state]))
    states, refusal = expected(state, said)
    assert feed_state(after) in states
    assert code(answer) == refusal


def test_no_feed_changes_in_a_way_that_the_document_has_not() -> None:
    both = {("locked, fault", "locked"), ("locked, fault", "fault")}
    for feed in walk(FEEDS.values(), FEED_EVENTS, feed_state, changes("### Feed") | both):
        assert feed.closed is (feed_state(feed) in {"closed", "ending", "used up"})


# --- the transfer


def transfer_moment(
    followed: Mapping[int, bool | None] | None = None, *, age: float = 0.0, powered: bool = True
) -> transfers.Moment:
    return transfers.Moment(
        now=NOW,
        limits=SETTINGS,
        registers={tie: register(0, NOW - age, 20_000, f"tie-{tie}") for tie in (TIE, SECOND_TIE)},
        followed=followed or {},
        powered={TIE: powered},
    )


def transfer_in(position: transfers.Position) -> Transfer:
    energised = Transfer(ratings={}, position=position).energised
    return Transfer(
        ratings={TIE: RATING, SECOND_TIE: RATING},
        position=position,
        following={
            contact: Following(energised=contact in energised, driven=position.since, agreed=position.since)
            for contact in (HOME, TIE, SECOND_TIE)
        },
    )


JUST, LONG = NOW - 0.05, NOW - 60
TRANSFERS: Mapping[str, Transfer] = {
    "home": transfer_in(Home(since=LONG)),
    "leaving": transfer_in(Leaving(tie=TIE, since=JUST, expires=NOW + 9)),
    "tied": transfer_in(Tied(tie=TIE, since=LONG, expires=NOW + 9)),
    "returning": transfer_in(Returning(since=JUST)),
}


def transfer_state(transfer: Transfer) -> str:
    return type(transfer.position).__name__.lower() + (", fault" if transfer.faults else "")


def since(transfer: Transfer, moment: float) -> Transfer:
    """The same, and as it stands since then."""
    return transfer_in(replace(transfer.position, since=moment))


def lapsed(transfer: Transfer) -> transfers.Step:
    if isinstance(transfer.position, Leaving | Tied):
        transfer = replace(transfer, position=replace(transfer.position, expires=NOW))
    return transfers.tick(transfer, transfer_moment())


def apart(*contacts: int) -> Callable[[Transfer], transfers.Step]:
    """These have not followed their coils for 500 ms."""

    def tick(transfer: Transfer) -> transfers.Step:
        seen = {
            contact: replace(
                transfer.following[contact],
                agreed=None,
                apart=NOW - 0.5,
                doubted=NOW - 0.5,
                against=NOW - 0.1,
            )
            for contact in contacts
        }
        broken = replace(transfer, following={**transfer.following, **seen})
        return transfers.tick(broken, transfer_moment(dict.fromkeys(contacts, False)))

    return tick


def late(transfer: Transfer) -> transfers.Step:
    """The second tie's contact arrives now, 600 ms after its coil was released."""
    driven = NOW - 0.6
    slow = Following(energised=False, driven=driven, apart=driven, doubted=driven, against=NOW - 0.01)
    seen = {**transfer.following, SECOND_TIE: slow}
    return transfers.tick(replace(transfer, following=seen), transfer_moment({SECOND_TIE: True}))


def mended_tie(transfer: Transfer) -> transfers.Step:
    """A driver that had hung at the second tie has been back for ten seconds."""
    almost = Mending(waits=True, since=NOW - AGREED, looks=LOOKS)
    hangs, faults = {**transfer.mending, SECOND_TIE: almost}, {**transfer.faults, SECOND_TIE: "hung: a test"}
    there = replace(transfer, mending=hangs, faults=faults)
    after, acts = transfers.tick(there, transfer_moment({SECOND_TIE: True}))
    assert SECOND_TIE not in after.faults
    return after, acts


def dead_line(transfer: Transfer) -> transfers.Step:
    if isinstance(transfer.position, Tied):
        transfer = replace(transfer, position=replace(transfer.position, dead_since=NOW - 2))
    return transfers.tick(transfer, transfer_moment(powered=False))


def unlocked(transfer: Transfer) -> transfers.Step:
    for contact in (HOME, TIE):
        transfer = transfers.cleared(transfers.unlock(transfer, contact), contact, NOW)
    return transfer, []


FAULTY = {TIE: "slow: for this test"}
TRANSFER_EVENTS: Mapping[str, Callable[[Transfer], transfers.Step | transfers.Reply]] = {
    "CLOSE, this tie": lambda t: transfers.close(t, TIE, transfer_moment()),
    "CLOSE, another tie": lambda t: transfers.close(t, SECOND_TIE, transfer_moment()),
    "CLOSE, home reached less than 10 s ago, or left 6 times in a minute": lambda t: transfers.close(
        since(t, NOW - 9.9) if isinstance(t.position, Home) else t, TIE, transfer_moment()
    ),
    "CLOSE, a latched fault of the tie or of home": lambda t: transfers.close(
        replace(t, faults=FAULTY), TIE, transfer_moment()
    ),
    "CLOSE, the tie or home locked out": lambda t: transfers.close(
        replace(t, locks={HOME: "new fuse"}), TIE, transfer_moment()
    ),
    "CLOSE, some tie does not stand open": lambda t: transfers.close(
        t, TIE, transfer_moment({SECOND_TIE: False})
    ),
    "KEEP, this tie": lambda t: transfers.keep(t, TIE, transfer_moment()),
    "KEEP, another tie": lambda t: transfers.keep(t, SECOND_TIE, transfer_moment()),
    "OPEN, this tie": lambda t: transfers.open_(t, TIE, transfer_moment()),
    "OPEN, another tie": lambda t: transfers.open_(t, SECOND_TIE, transfer_moment()),
    "what has to be open is, for 100 ms": lambda t: transfers.tick(since(t, NOW - 0.101), transfer_moment()),
    "the lease runs out": lapsed,
    "home's contact does not follow for 500 ms": apart(HOME),
    "the tie's contact does not follow for 500 ms": apart(TIE),
    "a contact follows, but later than 500 ms": late,
    "the pin driver does not return from the tie or home for 2 s": lambda t: transfers.hung(t, HOME, NOW),
    "the same, from another tie": lambda t: transfers.hung(t, SECOND_TIE, NOW),
    "after `hung`: its auxiliary contact has agreed for 10 s": mended_tie,
    "the tie's meter is silent for 3 s": lambda t: transfers.tick(t, transfer_moment(age=3.1)),
    "the line has no voltage for 2 s": dead_line,
    "lock of this tie or of home, or HOME": lambda t: transfers.lock(t, HOME, "new fuse", NOW),
    "lock of another tie": lambda t: transfers.lock(t, SECOND_TIE, "new fuse", NOW),
    "unlock, clear": unlocked,
    "stop": lambda t: transfers.go_home(t, "the relay is being stopped", NOW),
    "start": lambda t: (transfer_in(Returning(since=NOW)), []),
}


def test_the_document_has_every_state_and_event_of_the_transfer() -> None:
    assert {event for event, _, _ in table("### Transfer")} == set(TRANSFER_EVENTS)
    assert {state for _, state, _ in table("### Transfer")} == set(TRANSFERS)
    assert {transfer_state(transfer) for transfer in TRANSFERS.values()} == set(TRANSFERS)


@pytest.mark.parametrize(("event", "state", "said"), table("### Transfer"))
def test_the_transfer_does_what_the_document_says(event: str, state: str, said: str) -> None:
    if said == NEVER:
        return
    after, answer = outcome(TRANSFER_EVENTS[event](TRANSFERS[state]))
    states, refusal = expected(state, said)
    assert (bare(after) if "latched fault" in event else transfer_state(after)) in states
    assert code(answer) == refusal


def test_the_transfer_never_changes_in_a_way_that_the_document_has_not() -> None:
    for transfer in walk(TRANSFERS.values(), TRANSFER_EVENTS, bare, changes("### Transfer")):
        tie = transfer.energised - {HOME}
        assert len(tie) <= 1
        assert HOME in transfer.energised or not tie, "two sources on one bus"


def bare(transfer: Transfer) -> str:
    return transfer_state(transfer).removesuffix(", fault")


# --- both


def changes(heading: str) -> set[tuple[str, str]]:
    """Every change of state that the document has; of the transfer without the mark beside it."""
    drop = ", fault" if heading == "### Transfer" else None
    return {
        (state, after.removesuffix(drop) if drop else after)
        for _, state, said in table(heading)
        if said != NEVER
        for after in expected(state, said)[0]
        if (after.removesuffix(drop) if drop else after) != state
    }


def walk(
    begins: Iterable[T],
    events: Mapping[str, Callable[[T], tuple[T, list[Act]] | tuple[T, list[Act], Answer]]],
    name: Callable[[T], str],
    documented: set[tuple[str, str]],
) -> Iterator[T]:
    """Let things happen at random; every change is documented, and every documented one happens."""
    chance, seen, starts = random.Random(15_555), set[tuple[str, str]](), [*begins]
    there = starts[0]
    for number in range(20_000):
        there = chance.choice(starts) if number % 20 == 0 else there
        event = chance.choice([*events])
        before, there = name(there), outcome(events[event](there))[0]
        if name(there) != before:
            assert (before, name(there)) in documented, event
            seen.add((before, name(there)))
        yield there
    assert seen == documented
