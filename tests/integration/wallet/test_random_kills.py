"""A thousand lives of orders and payments on one chain, each killed at random moments: no double, no loss."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chain.keys import Account
from contracts.bindings import State
from node.wallet.journal import Stage
from quantities import Tokens
from tests.integration.wallet.town import PAID, PURSE, Town, town
from tests.integration.wallet.victim import THROUGH, opened, start

SCHEDULES = int(os.environ.get("SCHEDULES", "1000"))
BUYERS = 80
PATIENCE = 900.0
"""Seconds for one life after its last death, on a busy machine."""


def schedules(
    place: Town, buyer: int, count: int, folder: Path, dice: random.Random
) -> Iterator[Counter[str]]:
    """One after the other in the same books, as in a household."""
    for n in range(count):
        sink = Account.generate().address
        life = place.life(buyer, f"{n}:{buyer}")
        script = place.script(buyer, folder, intents=((f"send:{n}", place.pays(sink)),), life=life, beat=0.6)
        (folder / THROUGH).unlink(missing_ok=True)
        victim, killed = start(script), 0
        for _ in range(dice.choice((1, 1, 2, 2, 3, 4))):
            time.sleep(dice.uniform(0.0, 2.5))
            if victim.is_alive():
                victim.kill()
                killed += 1
            victim.join()
            victim = start(script)
        victim.join(PATIENCE)
        assert (folder / THROUGH).exists(), f"buyer {buyer}, schedule {n} is not through"
        journal = opened(folder)
        paid = place.token.balance(sink)
        order = place.market.order(life.id)
        purse = PURSE.value - PAID.value * (n + 1)
        ends = [journal.find(p) for p in (f"send:{n}", f"buy:{life.name}", f"reclaim:{life.name}")]
        yield Counter(
            schedules=1,
            killed=killed,
            doubles=int(paid.value > PAID.value) + place.orders_of(buyer).count(life.id) - 1,
            lost=int(
                place.token.balance(place.buyers[buyer].address) != Tokens(purse)
                or paid != PAID
                or order is None
                or order.state is not State.RECLAIMED
            ),
            unfinished=sum(1 for end in ends if end is None or end.stage is not Stage.FINAL),
            gaps=int(place.sent(buyer) != journal.next_nonce()),
        )


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_random_kills_double_nothing_and_lose_nothing(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    buyers = min(BUYERS, SCHEDULES)
    shares = [SCHEDULES // buyers + (n < SCHEDULES % buyers) for n in range(buyers)]
    total: Counter[str] = Counter()
    began = time.monotonic()
    with town(tmp_path, "127.0.7.2", buyers) as place, ThreadPoolExecutor(buyers) as pool:

        def play(buyer: int) -> list[Counter[str]]:
            dice = random.Random(seed + buyer)
            return list(schedules(place, buyer, shares[buyer], tmp_path / str(buyer), dice))

        for counted in pool.map(play, range(buyers)):
            for each in counted:
                total.update(each)
        assert place.token.balance(place.market.address) == Tokens(0)
    print(f"seed {seed}, {time.monotonic() - began:.0f} s: {dict(total)}")
    assert total["schedules"] == SCHEDULES
    assert {what: total[what] for what in ("doubles", "lost", "unfinished", "gaps")} == dict.fromkeys(
        ("doubles", "lost", "unfinished", "gaps"), 0
    )
